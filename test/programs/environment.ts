// Serves with nothing but what the environment says.
import { serve } from "livespan/node";
import app from "./shop.ts";

serve(app);
