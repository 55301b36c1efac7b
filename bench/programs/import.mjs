// With a name it imports that, without one nothing: then it says how long after its process began it got here.
const [name] = process.argv.slice(2);
if (name !== undefined) await import(name);
console.log(JSON.stringify({ ms: performance.now() }));
