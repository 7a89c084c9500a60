/**
 * Every name that the page and its worker say to each other, and the shape of what goes with it.
 *
 * The page calls the worker's `WorkerApi` (through Comlink); the worker answers, and meanwhile sends events, which are
 * plain messages `{event, data}`. Events that `pydl.on` offers keep these names and shapes.
 */

/** Events, by the name that `pydl.on` takes. */
export const EVENTS = Object.freeze(/** @type {const} */ ([
  "status", // StatusEvent: what is loading, or what the lab does now
  "start", // StartEvent: a call has begun
  "fit", // FitEvent: a training has begun; curves start anew
  "batch", // BatchEvent: between epochs, about ten a second
  "epoch", // EpochEvent: epochs that have ended since the last one
  "figure", // FigureEvent: a picture that a lesson shows
  "output", // OutputEvent: printed text
  "notice", // NoticeEvent: a device has failed, and another one goes on
  "done", // DoneEvent: a run has ended well or was stopped
  "error", // ErrorEvent: a run or a worker has failed
]));

/** The worker's own last word: it cannot go on. Not an event of `pydl.on`. */
export const FATAL = "fatal";

/** What the page sends to a busy worker that has no interrupt buffer. */
export const STOP_MESSAGE = Object.freeze({ stop: true });

/** @typedef {(typeof EVENTS)[number]} EventName */

/**
 * @typedef {"loading" | "ready" | "data" | "training" | "running" | "stopping" | "restarting" | "failed"} Phase
 *
 * @typedef {object} StatusEvent
 * @property {Phase} phase
 * @property {string} [what] what is loading: "python", "packages", or a data file
 * @property {number} [loaded] bytes so far
 * @property {number} [total] bytes in all, where that is known
 * @property {string} [message] why it failed
 *
 * @typedef {object} StartEvent
 * @property {"run" | "exec"} kind
 * @property {string} [lesson]
 * @property {Record<string, unknown>} [options]
 *
 * @typedef {object} FitEvent
 * @property {number} epochs
 * @property {number} steps steps in an epoch
 * @property {number} batch_size
 * @property {number} samples
 * @property {string} device
 * @property {string} adapter its processor or engine: "SwiftShader", "Chromium 156"; "" for NumPy
 * @property {Record<string, number>} trial milliseconds per step of the devices that were tried; empty without a choice
 *
 * @typedef {object} Place where in the training an event was sent; epochs and batches count from 0
 * @property {number} epoch
 * @property {number} epochs
 * @property {number} steps
 * @property {string} device it may change in the middle of a training, after a failure
 * @property {string} adapter
 * @property {Record<string, number>} trial
 * @property {number} seconds since the training began
 * @property {number | null} steps_per_second
 * @property {number | null} gflops thousand millions of floating-point operations per second
 *
 * @typedef {Record<string, number | null>} Logs loss, accuracy, val_loss, val_accuracy
 * @typedef {Record<string, (number | null)[]>} History
 * @typedef {Place & {batch: number, logs: Logs, recent: Logs, nonfinite?: true}} BatchEvent
 *   `logs` are means since the epoch began, `recent` since the last such event
 * @typedef {Place & {first: number, logs: Logs, history: History, nonfinite?: true}} EpochEvent
 *   `history` holds the epochs from `first` to `epoch`, `logs` the last of them
 *
 * @typedef {object} DecisionSurface
 * @property {"decision_surface"} kind
 * @property {number} low
 * @property {number} high
 * @property {number} size
 * @property {Float32Array} values row by row: x2 grows with the row, x1 along it
 * @property {[number, number, number][]} points x1, x2, label
 *
 * @typedef {object} Outputs
 * @property {"outputs"} kind
 * @property {[number, number][]} inputs
 * @property {number[]} targets
 * @property {(number | null)[]} outputs
 *
 * @typedef {object} Digits
 * @property {"digits"} kind
 * @property {Uint8Array} images 28 x 28 each
 * @property {number[]} labels
 * @property {number[]} predictions
 * @property {(number | null)[]} confidences
 *
 * @typedef {object} RandomDigit
 * @property {"random_digit"} kind
 * @property {Uint8Array} image
 * @property {number} label
 * @property {number} prediction
 * @property {(number | null)[]} probabilities
 *
 * @typedef {object} Plot lines over a common axis
 * @property {"plot"} kind
 * @property {string} name
 * @property {string[]} lines
 * @property {Float64Array} x
 * @property {Float64Array} values line by line, each as long as `x`; NaN is a gap
 * @property {boolean} [log] the vertical axis is logarithmic
 * @property {boolean} [ordered] the lines are an order, such as layers
 * @property {[number | null, number | null][]} [points] beside the lines
 * @property {boolean} [walk] the points follow each other and are joined
 *
 * @typedef {object} Table
 * @property {"table"} kind
 * @property {string} name
 * @property {string[]} columns
 * @property {(string | number | boolean | null)[][]} rows
 * @property {string[]} [percent] columns whose numbers are shares of one
 *
 * @typedef {(DecisionSurface | Outputs | Digits | RandomDigit | Plot | Table) & {name?: string}} FigureEvent
 *   pictures of one kind are told apart by `name`
 * @typedef {{text: string}} OutputEvent
 *
 * @typedef {object} NoticeEvent
 * @property {"lost" | "memory" | "invalid" | "wrong"} cause
 * @property {string} device what has failed: "webgpu (SwiftShader)"
 * @property {string} to the device that goes on: "wasm"
 * @property {string} detail the failure in its own words
 * @property {string} message all of it as one sentence in English
 * @property {string[]} devices those that can train here from now on
 *
 * @typedef {object} RunResult
 * @property {History} history
 * @property {Record<string, number | null>} result
 * @property {string} device what the last training ran on in the end
 * @property {string} adapter
 * @property {number | null} steps_per_second of the last training, without its warming up
 * @property {number | null} gflops
 * @property {number} seconds
 * @property {boolean} stopped
 * @property {true} [nonfinite] present where NaN or infinity became null
 *
 * @typedef {object} ExecResult
 * @property {unknown} value the last expression's value as JSON, or its repr
 * @property {string} stdout
 * @property {string | null} error a Python traceback
 * @property {true} [nonfinite]
 *
 * @typedef {RunResult & {lesson: string}} DoneEvent
 *
 * @typedef {object} Failure an error in Python
 * @property {string} type
 * @property {string} message
 * @property {string | null} traceback null where the message says all
 *
 * @typedef {Failure} ErrorEvent
 */

/**
 * @typedef {object} EventShapes
 * @property {StatusEvent} status
 * @property {StartEvent} start
 * @property {FitEvent} fit
 * @property {BatchEvent} batch
 * @property {EpochEvent} epoch
 * @property {FigureEvent} figure
 * @property {OutputEvent} output
 * @property {NoticeEvent} notice
 * @property {DoneEvent} done
 * @property {ErrorEvent} error
 */

/**
 * @typedef {{en: string, ko: string}} Bilingual
 *
 * @typedef {object} OptionSpec
 * @property {string} name
 * @property {"int" | "float" | "choice" | "ints" | "bool" | "text"} type
 * @property {number | string | boolean | number[] | null} default
 * @property {number | null} minimum
 * @property {number | null} maximum
 * @property {string[]} choices
 * @property {Record<string, Bilingual>} choice_texts what a choice is called; one without is shown as it stands
 * @property {boolean} optional whether it may be left empty
 * @property {Bilingual} label
 * @property {Bilingual} help
 *
 * @typedef {object} FigureWords what a lesson says of one of its pictures; a key without words is shown as it stands
 * @property {Bilingual} [title]
 * @property {Bilingual} [caption]
 * @property {Bilingual} [x]
 * @property {Bilingual} [y]
 * @property {Record<string, Bilingual>} [lines]
 * @property {Record<string, Bilingual>} [columns]
 * @property {Record<string, Bilingual>} [cells]
 *
 * @typedef {object} LessonSpec
 * @property {string} name
 * @property {Bilingual} chapter
 * @property {boolean} trains false for a lesson without a training; its run is one stretch
 * @property {("loss" | "accuracy")[]} curves the measures of its trainings
 * @property {string[]} figures the pictures that it shows: "digits", "plot:cost"
 * @property {Record<string, FigureWords>} figure_texts by "plot:cost", or "cost" alone
 * @property {Bilingual} title
 * @property {Bilingual} shows
 * @property {Bilingual} look
 * @property {Bilingual} try
 * @property {OptionSpec[]} options
 *
 * @typedef {"interrupt" | "pause" | "terminate"} StopMode how a busy worker can be stopped, best first
 *
 * @typedef {object} Gpu
 * @property {string} adapter its name, as the browser tells it; "" without one
 * @property {boolean} software whether a CPU plays it
 * @property {"" | "none" | "insecure" | "no-jspi" | "no-adapter" | "refused" | "timeout" | "lost" | "failed"} reason
 *   why there is none; "lost": too often; "failed": it is there, and did not pass its test
 *
 * @typedef {object} Description what a worker says of itself once it is ready
 * @property {string} version of pydl
 * @property {string} python
 * @property {string} numpy
 * @property {string} pyodide
 * @property {string[]} devices those that can train here; the page keeps this and `gpu` up to date
 * @property {Gpu} gpu
 * @property {LessonSpec[]} lessons
 * @property {StopMode} stop
 * @property {number} seconds that the boot took
 *
 * @typedef {object} WorkerConfig
 * @property {Uint8Array | null} interrupt shared with the page, where the page is cross-origin isolated
 * @property {string} lock held as long as the worker lives
 *
 * @typedef {object} WorkerApi
 * @property {(config: WorkerConfig) => Promise<Description>} start
 * @property {(lesson: string, options: string) => Promise<string>} run answers the JSON of a `Reply<RunResult>`
 * @property {(code: string) => Promise<string>} execute answers the JSON of a `Reply<ExecResult>`
 */

/**
 * @template T
 * @typedef {{ok: T, error?: undefined} | {ok?: undefined, error: Failure}} Reply
 */
