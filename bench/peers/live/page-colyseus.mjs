export { ColyseusSDK } from "@colyseus/sdk";
