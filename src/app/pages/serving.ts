import type { AppHandle } from "../handle.ts";
import type { PageDeclaration } from "./page.ts";
import type { Pages } from "./pages.ts";

/** The pages of each run, by the handle that its requests carry. */
const served = new WeakMap<object, Pages>();

export function settlePages(handle: AppHandle, pages: Pages): void {
  served.set(handle, pages);
}

interface PageRequest {
  readonly app: AppHandle;
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
}

/** The handler of a page's route: a page is declared once, and runs as often as its app does. */
export function servePage(page: PageDeclaration) {
  return ({ app, request, params }: PageRequest): Promise<Response> => served.get(app)!.answer(page, request, params);
}
