// The same for as long as a minute of their time.
import "./drops.test.ts";
