import { styleText } from "node:util";
import type { Log } from "../../../kernel/log.ts";
import manifest from "../../../../package.json" with { type: "json" };
import { blockText, type Paint } from "./block.ts";
import { faultReport, reportOf, type Fault, type Report } from "./fault.ts";
import { few } from "../../../app/few.ts";
import { formatMs } from "../../../app/tree.ts";
import { jsonOf } from "../../../app/log.ts";
import { LivespanError, messageOf } from "../../../kernel/errors.ts";
import { shownFile } from "./place.ts";
import { stopSignals } from "../../signals.ts";

/** The newest code, as it came to be served. */
export interface Swap {
  /** What was saved: paths. None at the first start. */
  readonly files: readonly string[];
  /** Milliseconds since that was noticed. */
  readonly ms: number;
  /** The lifespans that went on from the code before. */
  readonly kept: readonly string[];
}

/** What whoever develops the program is told of it. */
export interface Screen {
  /** What the program and its parts say of themselves. */
  readonly log: Log;
  /** The newest code does not serve; perhaps the code before it still does. Shown until `good`. */
  fault(fault: Fault, isServing: boolean): Report;
  /** Nobody handled an error. What follows from it is said later, if anything does. */
  stray(error: unknown, isReplaced: boolean): void;
  /** The newest code serves. */
  good(swap: Swap): void;
}

/** For readers that are programs: one entry of a log each. */
export function logScreen(log: Log): Screen {
  return {
    log,
    fault(fault) {
      const report = faultReport(fault);
      const { title, said, where, code } = report;
      log("error", `${title}: ${where === undefined ? "" : `${where}: `}${said}`, { code, error: fault.error });
      return report;
    },
    stray(error, isReplaced) {
      if (isReplaced)
        log("error", `nobody handled an error of code that has been replaced: ${messageOf(error)}`, { error });
    },
    good(swap) {
      log("info", goodText(swap), { files: swap.files, ms: swap.ms, kept: swap.kept });
    },
  };
}

/** How many files a line names: a checkout of another branch may change hundreds. */
const mostNamed = 3;

function goodText({ files, ms, kept }: Swap): string {
  const what = files.length === 0 ? "ready in" : `${few(files.map(shownFile), mostNamed)}: served after`;
  return `${what} ${formatMs(ms)}${kept.length === 0 ? "" : `, kept ${kept.join(", ")}`}`;
}

/** For people: blocks for what is wrong, and a line for each swap. Without escapes where nobody sees colours. */
export class TerminalScreen implements Screen {
  readonly log: Log = (level, message, fields = {}) => this.line(level, message, fields);
  private readonly entry: string;
  private readonly stream: NodeJS.WriteStream;
  private readonly paint: Paint;
  /** What has been shown since the newest code served: errors, and the last fault's block. */
  private readonly shown = new Set<unknown>();
  private block: string | undefined;
  /** Whether what follows has the program's name above it. */
  private isHeaded = false;
  /** What was said once of something that each generation says. */
  private readonly told = new Set<string>();

  constructor(entry: string, stream: NodeJS.WriteStream = process.stderr) {
    this.entry = entry;
    this.stream = stream;
    this.paint = (format, text) => styleText(format, text, { stream });
  }

  fault(fault: Fault, isServing: boolean): Report {
    const report = faultReport(fault);
    const serving = fault.kind === "hang" ? "The app goes on serving." : "The code before it goes on serving.";
    const note = isServing ? serving : "Requests get 503 until a save mends it.";
    const isNews = !this.isShown(fault.error);
    const block = blockText(report, note, this.paint);
    if (isNews && block !== this.block) this.write(block);
    else this.write(`${this.paint("red", `✗ ${report.title}`)}: ${firstLine(report)}\n  ${this.paint("dim", note)}\n`);
    this.block = block;
    return report;
  }

  stray(error: unknown, isReplaced: boolean): void {
    this.error(reportOf("Nobody handled an error", error, isReplaced), error, isReplaced ? replacedNote : "");
  }

  good(swap: Swap): void {
    const isMended = this.block !== undefined;
    this.block = undefined;
    this.shown.clear();
    const text = goodText(swap);
    if (swap.files.length === 0) this.head(text);
    else this.write(`${this.paint("green", "✓")} ${text}${isMended ? ", mended" : ""}\n`);
  }

  private write(text: string): void {
    this.head();
    this.stream.write(text);
  }

  /** The program's name, above all else; what more there is stands beside it, unless something came in between. */
  private head(more?: string): void {
    const name = `${this.paint("bold", `livespan ${manifest.version}`)} ${this.entry}`;
    const line = this.isHeaded ? [] : [name];
    if (more !== undefined) line.push(more);
    this.isHeaded = true;
    if (line.length > 0) this.stream.write(`${line.join(", ")}\n`);
  }

  /** Shown once: what else is said of an error that was shown is said by the fault that it leads to. */
  private error(report: Report, error: unknown, note = ""): void {
    if (!this.isShown(error)) this.write(blockText(report, note, this.paint));
  }

  /** Whether it, or what caused it, was shown before; from now on it was. */
  private isShown(error: unknown): boolean {
    const wasShown = this.shown.has(error) || (error instanceof LivespanError && this.shown.has(error.cause));
    this.shown.add(error);
    return wasShown;
  }

  private line(level: Parameters<Log>[0], message: string, fields: Readonly<Record<string, unknown>>): void {
    const { error, in: owner, ...rest } = fields;
    const from = typeof owner === "string" ? `[${owner}] ` : "";
    if (level === "debug" || (level === "info" && from === "" && this.isNoise(message))) return;
    if (level === "error" && error !== undefined) return this.error(loggedReport(from, message, error), error);
    const beside = Object.keys(rest).length === 0 ? "" : ` ${jsonOf(rest)}`;
    const lead = level === "info" ? "" : `${this.paint(level === "warn" ? "yellow" : "red", level)} `;
    this.write(`${lead}${from}${message}${beside}\n`);
  }

  /** What each generation says of itself: a swap is one line, and where work is kept is news once. */
  private isNoise(message: string): boolean {
    const [, by] = /^stopping: (\w+)/.exec(message) ?? [];
    if (by !== undefined) return !stopSignals.some((signal) => signal === by);
    if (!message.startsWith("work: ")) return message.startsWith("ready in ");
    const isKnown = this.told.has(message);
    this.told.add(message);
    return isKnown;
  }
}

/** What is logged of an error is its message, or ends with it: that is said once. */
function loggedReport(from: string, message: string, error: unknown): Report {
  const said = messageOf(error);
  const title = message === said ? "" : message.replace(`: ${said}`, "");
  const report = reportOf(`${from}${title.replace(/\.$/, "")}`, error);
  return title === "" ? { ...report, title: `${from}${report.said.replace(/\.$/, "")}`, said: "" } : report;
}

const replacedNote = "It comes of code that has been replaced, so the app goes on.";

function firstLine({ said, where }: Report): string {
  return `${where === undefined ? "" : `${where}: `}${said.split("\n", 1)[0]}`;
}
