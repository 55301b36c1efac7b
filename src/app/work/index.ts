export * from "../../work/index.ts";
