import devServer from "@hono/vite-dev-server";

export default { plugins: [devServer({ entry: "./app.mjs" })], server: { host: "127.0.0.1" } };
