import { element } from "./element.js";

/** What the server refused, or that it could not be asked: a problem in the sense of RFC 9457. */
export class Refusal extends Error {
  constructor(problem, options) {
    super(problem.detail ?? problem.title, options);
    this.problem = problem;
  }
}

/** Asks the server and gives what it answers. @throws Refusal, or the signal's reason */
export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    const detail = "It may be starting again. What you typed is still here; try once more in a moment.";
    throw new Refusal({ title: "The server does not answer", detail }, { cause });
  }
  const body = await response.json().catch((cause) => {
    options.signal?.throwIfAborted();
    throw new Refusal(
      { title: `The server answered with status ${response.status}`, detail: "It was not JSON." },
      { cause },
    );
  });
  if (!response.ok) throw new Refusal({ title: `The server answered with status ${response.status}`, ...body });
  return body;
}

/** An error for people to see. */
export function refusalCard(error) {
  if (!(error instanceof Refusal)) throw error;
  const { title, detail, errors = [], id } = error.problem;
  const faults = errors.map(({ message, path }) =>
    element("li", {}, path.length > 1 ? `${path.join(".")}: ${message}` : message),
  );
  const heading = faults.length > 0 ? "This cannot be read as it is" : title;
  const card = element("div", { class: "refusal", role: "alert" }, element("strong", {}, heading));
  if (faults.length > 0) card.append(element("ul", {}, ...faults));
  else if (detail !== undefined) card.append(element("p", {}, detail));
  if (id !== undefined) card.append(element("p", { class: "note" }, `The server's log says more, under ${id}.`));
  return card;
}
