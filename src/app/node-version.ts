// Evaluated before anything else of the package, so that an older Node says what is missing instead of how it failed.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  throw new Error(`livespan needs Node 22.18 or newer; this is ${process.versions.node}.`);
}
