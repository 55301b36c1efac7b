// Serves an app of this folder, the shop unless another is named, from code, with options from the environment.
import { serve } from "livespan/node";

const { default: app } = await import(`./${process.argv[2] ?? "shop.ts"}`);

serve(app, { port: 0, tree: false, ...JSON.parse(process.env.OPTIONS ?? "{}") });
