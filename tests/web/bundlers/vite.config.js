// What web/README.md tells users of Vite to write.
export default {
  worker: { format: "es" },
  optimizeDeps: { exclude: ["@acme/model"] },
};
