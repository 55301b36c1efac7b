import type { EmbeddedState } from "../../live/client/page.ts";
import type { Engine, Tab } from "../../live/server/engine.ts";
import type { OpenedStates, PageState, PageStates } from "./state.ts";
import { encode } from "../../live/server/encode.ts";
import { isSecure, newSession, sessionOf, tabOf } from "../../live/server/session.ts";
import { LivespanError } from "../../kernel/errors.ts";

/** The first states of a page, from the engine: those of a new tab, or on a reload of the tab that it was. */
export class TabStates implements PageStates {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  async open(request: Request, states: readonly PageState[]): Promise<OpenedStates> {
    const cookies = request.headers.get("cookie");
    const known = sessionOf(cookies);
    const session = known === undefined ? newSession(isSecure(request)) : { name: known, cookie: undefined };
    const tab = await this.tabOf(session.name, known === undefined ? undefined : tabOf(cookies));
    const embedded = await Promise.all(states.map((state) => embed(tab, state, request)));
    return { data: { tab: tab.token, schema: this.engine.schema, states: embedded }, cookie: session.cookie };
  }

  private async tabOf(session: string, token: string | undefined): Promise<Tab> {
    try {
      return (await this.engine.tab({ session, token })).tab;
    } catch (error) {
      // The cookie that names the tab is no secret: whose tab it is not gets a page of their own.
      if (token === undefined || !(error instanceof LivespanError && error.code === "TAB_REFUSED")) throw error;
      return (await this.engine.tab({ session })).tab;
    }
  }
}

async function embed(tab: Tab, { state, key: keyOf }: PageState, request: Request): Promise<EmbeddedState> {
  const key = typeof keyOf === "function" ? keyOf(request) : keyOf;
  const { epoch, version, snapshot } = await tab.instance(state.name, key);
  const { text, rich } = encode(snapshot);
  return {
    state: state.name,
    ...(key !== undefined && { key }),
    epoch,
    version,
    ...(rich ? { rich: text } : { snapshot }),
  };
}
