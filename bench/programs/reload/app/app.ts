import { createApp } from "livespan";
import { figures } from "./figures.ts";
import { routes } from "./routes.ts";
import { beat } from "./shop.ts";

const app = createApp({ name: "reload", tasks: [beat] }).include(routes);

app.get("/process", () => figures());

export default app;
