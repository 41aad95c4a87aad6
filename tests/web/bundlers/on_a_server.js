// What a page that is rendered on a server does with the package.
import { load } from "@acme/model";

export async function render(rows, options) {
  const model = await load(options);
  return { backend: model.backend, answer: await model.predict(rows) };
}
