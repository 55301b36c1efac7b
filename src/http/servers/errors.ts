import { errorsOf, type LivespanError } from "../../kernel/errors.ts";

/** Every error of the HTTP servers: what its code means and what to do. */
export const serverErrors = {
  PORT_IN_USE: {
    means: "Another process, or another server in this one, listens on the port.",
    remedy: "Stop the other one, choose another port, or pass port 0 to take a free one.",
  },
  PORT_FORBIDDEN: {
    means: "The operating system does not let this user listen on the port.",
    remedy: "Choose a port above 1023, or give the process the right to bind low ports.",
  },
  HOST_UNKNOWN: {
    means: "The host to listen on is not a name or an address of this machine.",
    remedy: 'Pass "127.0.0.1" for this machine only, or "0.0.0.0" for every address it has.',
  },
  LISTEN_FAILED: {
    means: "The server could not listen, for a reason that has no code of its own.",
    remedy: "The cause is the operating system's error.",
  },
  INVALID_SERVER_OPTION: {
    means: "A server option has an unknown name, or a value that is out of range.",
    remedy: "Correct it where the server is made.",
  },
  LISTENER_CLOSED: {
    means: "A listener was used after it had been closed.",
    remedy: "Make a new listener; a closed one does not open again.",
  },
  SOCKET_CLOSED: {
    means: "A message could not be sent because the WebSocket was closed.",
    remedy: "Await socket.closed, or end when the signal fires.",
  },
} as const;

export const serverError = errorsOf(serverErrors);

/** What the operating system said of a listen, as an error that says where and what to do. */
export function listenError(cause: unknown, host: string | undefined, port: number): LivespanError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const where = `${host ?? "every address"}, port ${port}`;
  switch (code) {
    case "EADDRINUSE":
      return serverError("PORT_IN_USE", `Cannot listen on ${where}: the port is in use.`, { cause });
    case "EACCES":
    case "EPERM":
      return serverError("PORT_FORBIDDEN", `Cannot listen on ${where}: permission denied.`, { cause });
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EADDRNOTAVAIL":
    case "EINVAL":
      return serverError("HOST_UNKNOWN", `Cannot listen on ${where}: this machine has no such address (${code}).`, {
        cause,
      });
    default:
      return serverError("LISTEN_FAILED", `Cannot listen on ${where}: ${String(cause)}.`, { cause });
  }
}
