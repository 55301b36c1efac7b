import { engineConformance } from "livespan/testing";
import { gaps } from "./gaps.ts";
import { hatchetEngine } from "livespan/hatchet";
import { test } from "node:test";

const { HATCHET_CLIENT_TOKEN: token } = process.env;

if (token === undefined) test("does at Hatchet what every engine must", { skip: "HATCHET_CLIENT_TOKEN is not set" });
else engineConformance(test, ({ space }) => hatchetEngine({ namespace: `t${space.slice(0, 8)}` }), { gaps });
