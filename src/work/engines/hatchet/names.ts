/**
 * What a task or workflow is called there. Hatchet's clients write names in lower case, and its engine takes letters, digits and
 * ".", "_", "-"; a workflow's task that is run by itself is a workflow of its own, "workflow.task".
 */
export function hatchetName(namespace: string, full: string): string {
  return `${namespace}${full.split("/").map(plain).join(".")}`;
}

/** What a step is called within its workflow. */
export function stepName(full: string): string {
  return plain(full.slice(full.lastIndexOf("/") + 1));
}

/** What a worker that has a task takes, of whichever workflow's run it is a step. */
export function actionOf(namespace: string, full: string): string {
  return `${hatchetName(namespace, full)}:${stepName(full)}`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\w.-]/g, (char) => `-x${char.codePointAt(0)!.toString(16)}-`);
}
