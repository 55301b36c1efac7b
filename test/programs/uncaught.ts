// Awaits a start that is refused, and does not catch it.
import { serve } from "livespan/node";
import app from "./cyclic.ts";

await serve(app, { port: 0 }).ready;
