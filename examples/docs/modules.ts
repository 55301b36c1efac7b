import { createApp, createRouter, lifespan } from "livespan";

const pool = lifespan("pool", function* () {
  yield { query: (sql: string) => `result of ${sql}` };
});

// A module: routes with what they need. Included twice, its lifespan still starts once.
const users = createRouter({ lifespan: { pool } });
users.get("/:id", ({ params, lifespan }) => lifespan.pool.query(`user ${params.id}`));

// Another app under a path. Its lifespan runs inside the outer one's.
const admin = createApp({ name: "admin", lifespan: { pool } });
admin.get("/", ({ lifespan }) => ({ pool: lifespan.pool.query("stats") }));

const app = createApp({ lifespan: { pool } });
app.include(users, "/users").mount("/admin", admin);
app.onEvent("startup", () => console.log("up")).onEvent("shutdown", () => console.log("down"));

export default app;
