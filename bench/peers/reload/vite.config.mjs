import devServer from "@hono/vite-dev-server";

export default { plugins: [devServer({ entry: "./vite-app.ts" })], server: { host: "127.0.0.1" } };
