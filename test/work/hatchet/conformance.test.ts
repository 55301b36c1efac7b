import { engineConformance } from "livespan/testing";
import { hatchetEngine } from "livespan/hatchet";
import { test } from "node:test";

const { HATCHET_CLIENT_TOKEN: token } = process.env;

const keepsSlots = "Hatchet counts the slots of a worker by itself, and has no word for lending one";
const gaps = {
  "a parent that waits for its child lends its slot, and has it again before anything new is begun": keepsSlots,
  "a parent that ends while its slot is lent, or wanted again, gives it back once": keepsSlots,
};

if (token === undefined) test("does at Hatchet what every engine must", { skip: "HATCHET_CLIENT_TOKEN is not set" });
else {
  engineConformance(test, ({ space }) => hatchetEngine({ token, namespace: `t${space.slice(0, 8)}` }), { gaps });
}
