/** What this page is there to show, a line each. */
export function Tries() {
  return (
    <section className="card" aria-labelledby="tries-title">
      <h2 id="tries-title">Things to try</h2>
      <ul className="tries">
        <li>
          <b>Kill it in the middle.</b> <code>kill -9</code> the server and start it again: this page comes back, the
          index goes on, and what was recorded is not analysed again.
        </li>
        <li>
          <b>Index it twice.</b> What is known by its content is there at once.
        </li>
        <li>
          <b>Break a file.</b> A link that leads nowhere, or a picture named <code>.md</code>, fails by itself; mend it
          and try again.
        </li>
        <li>
          <b>Add a worker.</b> <code>npx livespan worker examples/tour/app.ts</code> in another terminal shares the
          load, on this machine, or with <code>DATABASE_URL</code> on any.
        </li>
        <li>
          <b>Look from a terminal.</b> <code>npx livespan runs list</code>
        </li>
      </ul>
    </section>
  );
}
