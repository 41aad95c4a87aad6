// Runs before the page is drawn, as a plain script: a look that was chosen is there from the first moment, and opened
// from a disk, where browsers run no modules, the page says what to do instead of loading for ever.
{
  const kept = () => {
    try {
      return localStorage.getItem("isoship-theme");
    } catch {
      return null; // storage is off
    }
  };
  const theme = kept();
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;

  const sayWhatToDo = () => {
    const name = document.getElementById("name");
    const failure = document.getElementById("failure");
    if (name === null || failure === null) return;
    name.textContent = "This page was opened as a file";
    failure.textContent =
      "Browsers read a model only from a web server. In the folder of this file run `python -m http.server`, then open" +
      " http://localhost:8000 (any static web server will do).";
    failure.hidden = false;
  };
  if (location.protocol === "file:") document.addEventListener("DOMContentLoaded", sayWhatToDo);
}
