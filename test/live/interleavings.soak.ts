// The same scenarios under a hundred times as many schedules.
import "./interleavings.test.ts";
