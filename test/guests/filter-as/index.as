// What the header filter in Rust does, in AssemblyScript, and a little of everything else the SDK
// has. It notes what it sees in the log: `@NAME CASE what...`.

export * from "@tulle/filter-as/assembly/exports";
import {
  Action,
  Answer,
  Body,
  call,
  context,
  continueRequest,
  Field,
  Filter,
  foreign,
  Level,
  log,
  Metric,
  MetricKind,
  now,
  Plugin,
  property,
  Queue,
  register,
  registerQueue,
  replyText,
  requestBody,
  requestHeaders,
  requestTrailers,
  resolveQueue,
  responseBody,
  responseHeaders,
  responseTrailers,
  setContext,
  setProperty,
  setSharedData,
  setTick,
  sharedData,
} from "@tulle/filter-as/assembly";

const TICK_MS: u32 = 20;

class TestPlugin extends Plugin {
  name: string = "";
  seen: Metric | null = null;
  queue: Queue = new Queue(0);
  waiting: TestFilter[] = [];

  configure(configuration: string): bool {
    this.name = configuration;
    this.seen = new Metric(MetricKind.Counter, "as_requests");
    this.queue = registerQueue("as-queue");
    setTick(TICK_MS);
    return configuration != "reject";
  }

  newRequest(): Filter {
    return new TestFilter(this);
  }

  tick(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (let i = 0; i < waiting.length; i++) {
      if (!setContext(waiting[i].context)) continue;
      waiting[i].note("tick");
      continueRequest();
    }
  }

  queueReady(queue: Queue): void {
    const item = queue.take();
    const id = item === null ? "-" : String.UTF8.decode(item);
    log(Level.Info, "@" + this.name + " " + id + " queued");
  }
}

function asksFor(name: string): bool {
  return requestHeaders.get(name) == "yes";
}

function text(bytes: ArrayBuffer | null): string {
  return bytes === null ? "none" : String.UTF8.decode(bytes);
}

class TestFilter extends Filter {
  readonly context: u32 = context();
  id: string = "-";
  upper: bool = false;

  constructor(private plugin: TestPlugin) {
    super();
  }

  note(what: string): void {
    log(Level.Info, "@" + this.plugin.name + " " + this.id + " " + what);
  }

  requestHead(end: bool): Action {
    this.id = requestHeaders.get("x-case");
    this.upper = asksFor("x-upper");
    this.note("request head " + end.toString());
    requestHeaders.add("x-filter", "as");
    if (requestHeaders.get(":path") == "/blocked") {
      this.note("blocked " + replyText(403, "blocked\n", [new Field("x-blocked-by", "filter-as")]).toString());
      return Action.Pause;
    }
    if (asksFor("x-trap")) unreachable();
    if (asksFor("x-everything")) this.everything();
    if (asksFor("x-wait")) {
      this.plugin.waiting.push(this);
      return Action.Pause;
    }
    const upstream = requestHeaders.find("x-ask");
    if (upstream !== null) return this.ask(upstream);
    if (this.upper) requestHeaders.remove("content-length");
    return Action.Continue;
  }

  ask(upstream: string): Action {
    const fields = [
      new Field(":method", "POST"),
      new Field(":path", "/asked"),
      new Field(":authority", "callout.test"),
      new Field("x-case", this.id),
    ];
    const made = call(upstream, fields, String.UTF8.encode("question"), 2000) != 0;
    this.note("asked " + made.toString());
    return made ? Action.Pause : Action.Continue;
  }

  answered(id: u32, answer: Answer): void {
    const body = answer.body.text();
    this.note("answer " + answer.failed.toString() + " " + answer.headers.get(":status") + " " + body);
    requestHeaders.set("x-answer", body);
    continueRequest();
  }

  /** Values of all lengths come from the host: what is short must be as safe as what is long. */
  everything(): void {
    this.note("property " + text(property(["request", "path"])) + " " + text(property(["nothing"])));
    this.note("set property " + setProperty(["as_value"], String.UTF8.encode("v")).toString());
    this.note("own property " + text(property(["as_value"])));
    const key = "key " + this.id;
    this.note("set data " + setSharedData(key, String.UTF8.encode("d")).toString());
    const data = sharedData(key);
    if (data !== null) {
      this.note("data " + text(data.value));
      this.note("set data again " + setSharedData(key, String.UTF8.encode("e"), data.cas).toString());
      this.note("set data too late " + setSharedData(key, String.UTF8.encode("f"), data.cas).toString());
    }
    this.note("queue " + this.plugin.queue.put(String.UTF8.encode(this.id)).toString());
    this.note("no queue " + resolveQueue("", "no such queue").token.toString());
    this.note("unknown queue " + text(new Queue(4711).take()));
    const seen = this.plugin.seen;
    if (seen !== null) {
      this.note("count " + seen.add(1).toString() + " " + (seen.value > 0).toString());
      this.note("count down " + seen.add(-1).toString());
    }
    const small = foreign("compress", String.UTF8.encode("as".repeat(500)));
    let back: ArrayBuffer | null = null;
    if (small !== null) back = foreign("uncompress", small);
    this.note("uncompressed " + text(back));
    this.note("no function " + text(foreign("no such function", new ArrayBuffer(0))));
    this.note("time " + (now() > 1_700_000_000_000_000_000).toString());
    const all = requestHeaders.all();
    for (let i = 0; i < all.length; i++) {
      if (all[i].name == "x-case" || all[i].name == ":method") this.note("field " + all[i].name + " " + all[i].value);
    }
  }

  private body(way: string, body: Body, size: u32, end: bool): Action {
    if (!this.upper) return Action.Continue;
    if (!end) return Action.Pause;
    const bytes = body.bytes();
    this.note(way + " body " + (size == bytes.byteLength).toString());
    body.replace(String.UTF8.encode(String.UTF8.decode(bytes).toUpperCase()));
    body.prepend(String.UTF8.encode("<"));
    body.append(String.UTF8.encode(">"));
    return Action.Continue;
  }

  requestBody(size: u32, end: bool): Action {
    return this.body("request", requestBody, size, end);
  }

  requestTrailers(): Action {
    requestTrailers.add("x-filter", "as");
    return Action.Continue;
  }

  responseHead(end: bool): Action {
    this.note("response head " + end.toString() + " " + responseHeaders.get(":status"));
    if (this.upper) responseHeaders.remove("content-length");
    responseHeaders.set("x-filtered", this.plugin.name);
    return Action.Continue;
  }

  responseBody(size: u32, end: bool): Action {
    return this.body("response", responseBody, size, end);
  }

  responseTrailers(): Action {
    responseTrailers.add("x-filter", "as");
    return Action.Continue;
  }

  log(): void {
    this.note("log");
  }

  gone(): void {
    this.note("delete");
  }
}

register(() => new TestPlugin());
