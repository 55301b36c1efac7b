/** What of the suite of engines Hatchet does not do, by the reason. */
const byReason: readonly (readonly [reason: string, cases: readonly string[]])[] = [
  [
    "Hatchet counts the slots of a worker by itself, and has no word for lending one",
    [
      "a parent that waits for its child lends its slot, and has it again before anything new is begun",
      "a parent that ends while its slot is lent, or wanted again, gives it back once",
    ],
  ],
  [
    "Hatchet's rates are per second, minute, hour, day or week",
    [
      "admits no more in any while than the rate allows, in the order of asking",
      "says of what the rate keeps back when it is due",
    ],
  ],
  [
    "fails at Hatchet; why has not been found yet",
    [
      "asks once when many processes ask at once",
      "asks once within one batch",
      "fires once for each moment over three processes",
      "frees a key that is held while active when its run is cancelled before it begins",
      "gives the first run to whoever asks with its key, also when it has settled",
      "gives as the progress of a workflow's run what its steps have said last",
      "gives what a run last said of its progress, and each later value until it has settled",
      "holds a key for as long as it is told, counted from the run that has it",
      "holds a key that is held while active through all attempts, and frees it however the run ends",
      "keeps the last of many values of progress, said right before the run settles",
      "lets keys go on beside each other, also of other tasks, and runs without one",
      "never has more than the limit of a key in hand, over random ends, two keys and two workers",
      "streams to another process",
      "takes no key for a run that is not due yet",
    ],
  ],
  [
    "Hatchet begins what is due some seconds late at worst, and says of a run that is due later only that it is there",
    [
      "begins a delayed run no sooner than told, and says when it is due",
      "begins a run at its moment, and one whose moment has passed at once",
      "begins delayed runs in the order in which they are due, whoever asked first",
      "begins what one process has delayed in another",
      "cancels a run that no worker takes in time, and says so",
      "gives the key on when its run is given back, and when it could not start in time",
      "lists crons with the moment at which each is next, in its time zone",
      "runs what a cron says each time, with its input, as a run of its own",
      "fires in time what another process asks for, where that has no worker",
    ],
  ],
  ["Hatchet's dashboard lists its workers", ["lists the workers with what they take, until they leave"]],
  [
    "a job at Hatchet cannot wait for an event, and an event does not say how many runs went on",
    [
      "begins a step at the first of any: an event before the while is over",
      "begins a step at the last of all: the event, then the while",
      "begins a step when the event has come that it waits for",
      "cancels a workflow's run that waits for an event",
      "cancels at once what is queued, delayed, backing off or waits for an event, and says why",
      "counts an event from when the parents are done, and keeps none that came before",
      "takes up at the event what waits for it, with what it said, as the same attempt",
      "takes up what waits for an event when its time is over first",
      "tells all that wait for an event, and gives how many",
    ],
  ],
  [
    "Hatchet lists no step that was not begun, and gives what runs at the end no account of it",
    [
      "begins a step when its parents have ended well, with their outputs",
      "cancels by name what needs a step that failed, at any distance, and finishes the rest",
      "cancels what needs a step that was cancelled, and the workflow's run with it",
      "holds for 50 random workflows of 20 steps that succeed, fail and are skipped",
      "runs what is for failures when the rest has ended, with how each did, and not what is for success",
      "runs what is for success when all have ended well, and not what is for failures",
    ],
  ],
  [
    "Hatchet does not say why it cancels a job, and cancels at once",
    [
      "cancel-in-progress: of ten runs the last is left, and the one that runs is told",
      "cancels a workflow's run with all of its steps, those that run told",
      "cancels with a run the runs that its body asked for, and theirs",
    ],
  ],
  [
    "Hatchet lists, settles and moves runs some moments after it was told to",
    [
      "cancels all that fit a filter, without a limit, and gives how many",
      "is kept when settle settles: who asks next sees it",
      "lists a hundred unless said",
      "lists by task, state, metadata, id and time, and all must fit",
      "lists newest first, page by page, each run once, also of one batch",
      "lists steps of workflows only when asked to",
      "lists what the body of a run has asked for",
      "replays all that fit a filter, without a limit, and gives how many",
      "takes all of a batch or none, as anyone sees",
      "keeps what a replayed run remembers",
    ],
  ],
  [
    "Hatchet's lease is 30 seconds, and no option of a worker's",
    [
      "fails a run whose workers are lost again and again",
      "gives the jobs of a worker that says nothing to another, and counts no failure",
      "gives the key on when a worker was lost, and the run that it had goes first",
      "lets a worker that stood still for longer than its lease neither settle, remember nor say what it lost",
      "remembers what a worker that was lost had done",
      "tells a worker that stood still that it lost its lease, and takes it in again",
    ],
  ],
  [
    "Hatchet keeps no order among runs that are asked for together, and has three priorities",
    [
      "frees the slot of what is settled in any way",
      "gives jobs in the order of asking",
      "gives those of higher priority first, across tasks, and equal ones in the order of asking",
      "lets the run of higher priority have the key first",
      "settles a run as its attempt says",
      "tells within a second a job that runs, which is cancelled when it has ended",
    ],
  ],
  [
    "Hatchet has no states for what is held, asleep or waiting, and lists no worker or due moment of a run",
    [
      "holds a run whose key is taken, and begins it when the key is free",
      "says when a run was asked for, begun and settled, and by which worker",
      "takes up at its moment what sleeps, as the same attempt",
    ],
  ],
  ["Hatchet gives runs ids of its own", ["keeps a run when enqueue settles: who asks next sees it"]],
  [
    "what a run at Hatchet remembers is kept in its log, of which nothing can be taken away",
    ["forgets what a run, and what is run again of a workflow's run, remembers when it is replayed afresh"],
  ],
  ["Hatchet backs off by its own rule", ["tries again no sooner than told, and says until when it waits"]],
];

export const gaps: Readonly<Record<string, string>> = Object.fromEntries(
  byReason.flatMap(([reason, cases]) => cases.map((name) => [name, reason] as const)),
);
