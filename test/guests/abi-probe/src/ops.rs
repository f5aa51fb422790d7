//! One step of a script: a host call by name, its result in the log.

use proxy_wasm::hostcalls::{self as host};
use proxy_wasm::types::{Action, BufferType, MapType, MetricType};
use std::time::Duration;

pub struct Step {
    pub phase: String,
    op: String,
    arg: String,
}

impl Step {
    pub fn parse(text: &str) -> Option<Step> {
        let (phase, rest) = text.trim().split_once('=')?;
        let (op, arg) = rest.split_once(':').unwrap_or((rest, ""));
        Some(Step { phase: phase.into(), op: op.into(), arg: arg.into() })
    }

    fn pair(&self) -> (&str, &str) {
        self.arg.split_once('=').unwrap_or((&self.arg, ""))
    }
}

fn map_of(op: &str) -> Option<(&str, MapType)> {
    let (verb, map) = op.split_once('-')?;
    let map = match map {
        "req" => MapType::HttpRequestHeaders,
        "res" => MapType::HttpResponseHeaders,
        "reqt" => MapType::HttpRequestTrailers,
        "rest" => MapType::HttpResponseTrailers,
        "call" => MapType::HttpCallResponseHeaders,
        "callt" => MapType::HttpCallResponseTrailers,
        _ => return None,
    };
    Some((verb, map))
}

pub fn run(step: &Step, body: Option<BufferType>, id: u32) -> Action {
    if let Some((verb, map)) = map_of(&step.op) {
        return run_map(step, verb, map);
    }
    if step.op.starts_with("body-") {
        return run_body(step, body.unwrap_or(BufferType::HttpRequestBody));
    }
    match step.op.as_str() {
        "pause" => return Action::Pause,
        "continue-request" => host::resume_http_request().unwrap(),
        "continue-response" => host::resume_http_response().unwrap(),
        "close" => host::reset_http_request().unwrap(),
        "trap" => panic!("asked to trap"),
        "reply" => {
            let status = step.arg.parse().unwrap_or(200);
            host::send_http_response(status, vec![("x-reply", "yes")], Some(b"reply")).unwrap();
        }
        "reply-fields" => {
            let fields = vec![step.pair(), ("content-length", "999"), ("x-ok", "1"), ("bad name", "1")];
            host::send_http_response(200, fields, None).unwrap();
        }
        "log" => log::info!("{}", step.arg),
        "warn" => log::warn!("{}", step.arg),
        "time" => log::info!("time {:?}", host::get_current_time().unwrap()),
        "loglevel" => log::info!("level {:?}", host::get_log_level().unwrap()),
        "print" => println!("{}", step.arg),
        "effective" => log::info!("effective {:?}", host::set_effective_context(step.arg.parse().unwrap_or(id))),
        "exit" => std::process::exit(step.arg.parse().unwrap()),
        "grow" => {
            let bytes = vec![1u8; step.arg.parse().unwrap()];
            log::info!("grown {}", std::hint::black_box(bytes).len());
        }
        _ => return run_shared(step),
    }
    Action::Continue
}

fn run_map(step: &Step, verb: &str, map: MapType) -> Action {
    let (name, value) = step.pair();
    match verb {
        "get" => log::info!("{} = {:?}", name, host::get_map_value(map, name).unwrap()),
        "add" => host::add_map_value(map, name, value).unwrap(),
        "addctl" => host::add_map_value(map, name, "a\r\nb: c").unwrap(),
        "set" => host::set_map_value(map, name, Some(value)).unwrap(),
        "setctl" => host::set_map_value(map, name, Some("a\nb")).unwrap(),
        "del" => host::set_map_value(map, name, None).unwrap(),
        "bytes" => log::info!("{} = {:?}", name, host::get_map_value_bytes(map, name).unwrap()),
        "all" => log::info!("all {:?}", host::get_map(map).unwrap()),
        "pairs" => host::set_map(map, vec![(name, value), ("x-only", "this")]).unwrap(),
        "none" => host::set_map(map, vec![]).unwrap(),
        _ => panic!("unknown step {}", step.op),
    }
    Action::Continue
}

fn run_body(step: &Step, body: BufferType) -> Action {
    let read = |start, max| host::get_buffer(body, start, max).unwrap();
    match step.op.as_str() {
        "body-get" => log::info!("body {:?}", read(0, usize::MAX).map(|b| String::from_utf8_lossy(&b).into_owned())),
        "body-part" => log::info!("part {:?}", read(2, 3).map(|b| String::from_utf8_lossy(&b).into_owned())),
        "body-past" => log::info!("past {:?}", read(1 << 20, 3)),
        "body-upper" => {
            let upper = read(0, usize::MAX).unwrap_or_default().to_ascii_uppercase();
            host::set_buffer(body, 0, usize::MAX, &upper).unwrap();
        }
        "body-prepend" => host::set_buffer(body, 0, 0, step.arg.as_bytes()).unwrap(),
        "body-append" => host::set_buffer(body, usize::MAX, 0, step.arg.as_bytes()).unwrap(),
        "body-replace" => host::set_buffer(body, 0, usize::MAX, step.arg.as_bytes()).unwrap(),
        _ => panic!("unknown step {}", step.op),
    }
    Action::Continue
}

fn run_shared(step: &Step) -> Action {
    let (name, value) = step.pair();
    match step.op.as_str() {
        "prop" => {
            let path = step.arg.split('.').collect();
            log::info!("prop {} {:?}", step.arg, host::get_property(path).unwrap());
        }
        "setprop" => host::set_property(name.split('.').collect(), Some(value.as_bytes())).unwrap(),
        "data-get" => log::info!("data {:?}", host::get_shared_data(name).unwrap()),
        "data-set" => {
            let (value, cas) = value.split_once('@').unwrap_or((value, "0"));
            let cas = cas.parse().ok().filter(|cas| *cas != 0);
            log::info!("data set {:?}", host::set_shared_data(name, Some(value.as_bytes()), cas));
        }
        "queue-resolve" => log::info!("resolve {:?}", host::resolve_shared_queue("", name)),
        "queue-put" => log::info!("put {:?}", host::enqueue_shared_queue(name.parse().unwrap(), Some(value.as_bytes()))),
        "queue-get" => log::info!("get {:?}", host::dequeue_shared_queue(name.parse().unwrap())),
        "tick" => host::set_tick_period(Duration::from_millis(step.arg.parse().unwrap())).unwrap(),
        "foreign" => log::info!("foreign {:?}", host::call_foreign_function(name, Some(value.as_bytes()))),
        "roundtrip" => {
            let small = host::call_foreign_function("compress", Some(value.as_bytes())).unwrap().unwrap();
            let back = host::call_foreign_function("uncompress", Some(&small)).unwrap().unwrap();
            log::info!("roundtrip {}", back == value.as_bytes());
        }
        _ => return run_metrics(step),
    }
    Action::Continue
}

fn run_metrics(step: &Step) -> Action {
    let (name, value) = step.pair();
    let define = |kind| host::define_metric(kind, name).unwrap();
    match step.op.as_str() {
        "counter" => {
            let id = define(MetricType::Counter);
            let result = host::increment_metric(id, value.parse().unwrap());
            log::info!("counter {id} {:?} {:?}", result, host::get_metric(id));
        }
        "gauge" => {
            let id = define(MetricType::Gauge);
            host::record_metric(id, 10).unwrap();
            let result = host::increment_metric(id, value.parse().unwrap());
            log::info!("gauge {id} {:?} {:?}", result, host::get_metric(id));
        }
        "histogram" => {
            let id = define(MetricType::Histogram);
            host::record_metric(id, value.parse().unwrap()).unwrap();
            log::info!("histogram {id} {:?} {:?}", host::increment_metric(id, 1), host::get_metric(id));
        }
        "metric" => log::info!("metric {:?}", host::get_metric(step.arg.parse().unwrap())),
        _ => return run_call(step),
    }
    Action::Continue
}

fn run_call(step: &Step) -> Action {
    let target = step.arg.as_str();
    let second = Duration::from_secs(1);
    let headers = vec![(":method", "GET"), (":path", "/asked"), (":authority", "other")];
    match step.op.as_str() {
        "call" => log::info!("called {:?}", host::dispatch_http_call(target, headers, Some(b"question"), vec![], second)),
        "badcall" => log::info!("called {:?}", host::dispatch_http_call(target, vec![("a", "b")], None, vec![], second)),
        "rpc" => log::info!("grpc {:?}", host::dispatch_grpc_call(target, "svc", "Do", vec![], Some(b"q"), second)),
        "rpcstream" => {
            let id = host::open_grpc_stream(target, "svc", "Do", vec![]);
            log::info!("grpc {:?}", id);
            if let Ok(id) = id {
                host::send_grpc_stream_message(id, Some(b"hello"), false).unwrap();
            }
        }
        "rpccancel" => log::info!("cancel {:?}", host::cancel_grpc_call(step.arg.parse().unwrap())),
        _ => panic!("unknown step {}", step.op),
    }
    Action::Continue
}
