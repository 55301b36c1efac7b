import { errorsOf } from "../kernel/errors.ts";

/** Every error of the routes: what its code means and what to do. */
export const routeErrors = {
  ROUTE_PATH: {
    means: "A path is not formed as the router reads it.",
    remedy: 'Begin with "/" and write parameters as :name.',
  },
  ROUTE_DUPLICATE: {
    means: "Two routes have the same method and the same path, so the second could never be reached.",
    remedy: "Remove one of them, or change its method or path.",
  },
  ROUTE_OPTION: {
    means: "A route has an option that nothing reads, or one with a value that cannot be used.",
    remedy: "Correct the option that the message names.",
  },
  ROUTE_HANDLER: {
    means: "A route was declared without a function to handle it.",
    remedy: "Pass the handler last: (path, handler) or (path, options, handler).",
  },
  ROUTE_MOUNT: {
    means: "Something cannot be mounted.",
    remedy: "Mount routes or anything with a fetch method, and nothing inside itself.",
  },
  HONO_NOT_SERVED: {
    means: "The Hono instance of an app records routes; it does not answer requests.",
    remedy: "Send the request to the app itself.",
  },
  RESULT_NOT_JSON: {
    means: "A handler returned a value that JSON cannot carry.",
    remedy: "Return what JSON has, or a Response.",
  },
  RESULT_INVALID: {
    means: "A handler returned a value that its own response schema refuses.",
    remedy: "Return what the response schema describes, or correct the schema.",
  },
  THROWN_NOT_ERROR: {
    means: "A handler or middleware threw something that is not an Error.",
    remedy: "Throw an Error, so that its place is known.",
  },
  EVENT_INVALID: {
    means: "A server-sent event has a field that the format cannot carry.",
    remedy: "Keep line breaks out of event and id, NUL out of id, and give retry in whole milliseconds.",
  },
  STREAM_ENDED: {
    means: "An event was sent on a stream that has ended.",
    remedy: "Stop sending when the signal fires.",
  },
  DOCS_ASSETS: {
    means: "The files of the documentation page are not where the package keeps them.",
    remedy: "Build the package again, or pass docs: false.",
  },
} as const;

export const routeError = errorsOf(routeErrors);
