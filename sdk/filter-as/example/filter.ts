// A filter that lets no request pass without a key, and counts those it refuses.

export * from "../assembly/exports";
import { Action, Filter, Metric, MetricKind, Plugin, register, replyText, requestHeaders } from "../assembly";

class KeyPlugin extends Plugin {
  key: string = "";
  refused: Metric | null = null;

  configure(configuration: string): bool {
    this.key = configuration;
    this.refused = new Metric(MetricKind.Counter, "keys_refused");
    return configuration != "";
  }

  newRequest(): Filter {
    return new KeyFilter(this);
  }
}

class KeyFilter extends Filter {
  constructor(private plugin: KeyPlugin) {
    super();
  }

  requestHead(end: bool): Action {
    if (requestHeaders.get("x-key") == this.plugin.key) {
      requestHeaders.remove("x-key");
      return Action.Continue;
    }
    const refused = this.plugin.refused;
    if (refused !== null) refused.add(1);
    replyText(401, "a key is needed\n");
    return Action.Pause;
  }
}

register(() => new KeyPlugin());
