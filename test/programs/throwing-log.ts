// Serves with a log that throws.
import { serve } from "livespan/node";
import app from "./shop.ts";

const log = (): never => {
  throw new Error("the log is full");
};

serve(app, { port: 0, tree: false, log });
