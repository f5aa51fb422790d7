//! The script of a request and what its steps do. The status of each call that could fail is noted.

use crate::host;
use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, Status};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

pub mod maps {
    pub const REQUEST: u32 = 0;
    pub const REQUEST_TRAILERS: u32 = 1;
    pub const RESPONSE: u32 = 2;
    pub const RESPONSE_TRAILERS: u32 = 3;
    pub const CALL: u32 = 6;
    pub const CALL_TRAILERS: u32 = 7;
}

const REQUEST_BODY: u32 = 0;
const RESPONSE_BODY: u32 = 1;
const CALL_BODY: u32 = 4;
const CALL_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Step {
    phase: String,
    op: String,
    arg: String,
}

/// What one filter is to do for one request.
#[derive(Clone)]
pub struct Script {
    name: Rc<str>,
    case: String,
    loaded: bool,
    steps: Rc<[Step]>,
    /// What `resume` continues: 0 the request, 1 the answer.
    held: u32,
}

thread_local! {
    /// Streams that wait for a tick.
    static HELD: RefCell<Vec<(u32, Script)>> = const { RefCell::new(Vec::new()) };
}

pub fn run_held() {
    for (id, script) in HELD.take() {
        host::set_effective(id);
        script.note("tick");
        script.run("tick", id);
    }
}

impl Script {
    pub fn new(name: Rc<str>) -> Script {
        Script { name, case: "-".into(), loaded: false, steps: Rc::from([]), held: 0 }
    }

    /// Reads the script from the request, once.
    pub fn load(&mut self) {
        let text = |key| String::from_utf8_lossy(&host::value(maps::REQUEST, key).1).into_owned();
        if self.loaded {
            return;
        }
        self.loaded = true;
        self.case = text("x-case");
        self.steps = text("x-do").split(';').filter_map(|step| self.parse(step)).collect();
    }

    fn parse(&self, text: &str) -> Option<Step> {
        let (phase, rest) = text.trim().split_once('=')?;
        let (op, arg) = rest.split_once(':').unwrap_or((rest, ""));
        let phase = match phase.split_once('.') {
            Some((name, phase)) if name == &*self.name => phase,
            Some(_) => return None,
            None => phase,
        };
        Some(Step { phase: phase.into(), op: op.into(), arg: arg.into() })
    }

    pub fn note(&self, what: &str) {
        host::log(&format!("@{} {} {what}", self.name, self.case));
    }

    pub fn has(&self, phase: &str) -> bool {
        self.steps.iter().any(|step| step.phase == phase)
    }

    pub fn run(&self, phase: &str, id: u32) -> Action {
        let mut action = Action::Continue;
        for step in self.steps.iter().filter(|step| step.phase == phase) {
            match step.op.as_str() {
                "pause" => action = Action::Pause,
                "go" => action = Action::Continue,
                "hold" => {
                    let held = u32::from(phase.starts_with("res"));
                    let script = Script { held, ..self.clone() };
                    HELD.with_borrow_mut(|all| all.push((id, script)));
                    action = Action::Pause;
                }
                _ => self.step(step, phase),
            }
        }
        action
    }

    fn step(&self, step: &Step, phase: &str) {
        let result = match step.op.split_once('-') {
            Some(("body", verb)) => body(verb, &step.arg, buffer_of(phase)),
            Some((verb, map)) if map_of(map).is_some() => fields(verb, map_of(map).unwrap(), &step.arg),
            _ => self.call(&step.op, &step.arg),
        };
        self.note(&format!("{phase} {}:{} {result}", step.op, step.arg));
    }

    fn call(&self, op: &str, arg: &str) -> String {
        let (name, value) = pair(arg);
        match op {
            "resume" => host::continue_stream(self.held).to_string(),
            "continue" => host::continue_stream(arg.parse().unwrap()).to_string(),
            "close" => host::close_stream(arg.parse().unwrap()).to_string(),
            "trap" => panic!("asked to trap"),
            // STATUS=BODY
            "reply" => host::reply(name.parse().unwrap(), &[(b"x-reply", b"yes")], value, -1).to_string(),
            "reply_grpc" => host::reply(name.parse().unwrap(), &[], "", value.parse().unwrap()).to_string(),
            "prop" => shown(host::property(arg)),
            "setprop" => host::set_property(name, value).to_string(),
            "foreign" => shown(host::foreign(name, value)),
            "finish" => host::done().to_string(),
            "say" => String::new(),
            // CLUSTER=PATH
            "fetch" => {
                let fields = vec![
                    (":method", "POST"), (":path", value), (":authority", "callout.test"),
                    ("x-case", &self.case),
                ];
                fetched(hostcalls::dispatch_http_call(name, fields, Some(b"question"), vec![], CALL_TIMEOUT))
            }
            "fetch_bare" => {
                fetched(hostcalls::dispatch_http_call(name, vec![("x-a", "b")], None, vec![], CALL_TIMEOUT))
            }
            _ => panic!("no step {op}"),
        }
    }
}

fn map_of(name: &str) -> Option<u32> {
    Some(match name {
        "req" => maps::REQUEST,
        "reqt" => maps::REQUEST_TRAILERS,
        "res" => maps::RESPONSE,
        "rest" => maps::RESPONSE_TRAILERS,
        "call" => maps::CALL,
        "callt" => maps::CALL_TRAILERS,
        _ => return None,
    })
}

fn buffer_of(phase: &str) -> u32 {
    match phase {
        "call" => CALL_BODY,
        _ if phase.starts_with("res") => RESPONSE_BODY,
        _ => REQUEST_BODY,
    }
}

fn shown((status, bytes): (u32, Vec<u8>)) -> String {
    format!("{status} {:?}", String::from_utf8_lossy(&bytes))
}

fn fetched(result: Result<u32, Status>) -> String {
    result.map_or_else(|status| (status as u32).to_string(), |_| "0".into())
}

fn pair(arg: &str) -> (&str, &str) {
    arg.split_once('=').unwrap_or((arg, ""))
}

fn fields(verb: &str, map: u32, arg: &str) -> String {
    let (name, value) = pair(arg);
    match verb {
        "get" => shown(host::value(map, name)),
        "add" => host::add(map, name, value).to_string(),
        "set" => host::replace(map, name, value).to_string(),
        "del" => host::remove(map, name).to_string(),
        "count" => {
            let (status, pairs) = host::pairs(map);
            format!("{status} {}", if pairs.is_empty() { "none" } else { "some" })
        }
        "size" => host::map_size(map).0.to_string(),
        // All that is there, but `name`, and one more.
        "rewrite" => {
            let (_, pairs) = host::pairs(map);
            let mut kept: Vec<(&[u8], &[u8])> =
                pairs.iter().map(|(k, v)| (&k[..], &v[..])).filter(|(k, _)| *k != name.as_bytes()).collect();
            kept.push((b"x-rewritten", b"yes"));
            host::set_pairs(map, &host::encode(&kept)).to_string()
        }
        "malformed" => host::set_pairs(map, &[9, 9, 9, 9, 9]).to_string(),
        _ => panic!("no verb {verb}"),
    }
}

fn body(verb: &str, arg: &str, buffer: u32) -> String {
    let new = arg.as_bytes();
    match verb {
        "get" => shown(host::buffer(buffer, 0, usize::MAX)),
        "part" => {
            let (start, max) = pair(arg);
            shown(host::buffer(buffer, start.parse().unwrap(), max.parse().unwrap()))
        }
        "size" => format!("{:?}", host::buffer_size(buffer)),
        "prepend" => host::set_buffer(buffer, 0, 0, new).to_string(),
        "append" => host::set_buffer(buffer, usize::MAX, 0, new).to_string(),
        "replace" => host::set_buffer(buffer, 0, usize::MAX, new).to_string(),
        // The first so many bytes.
        "cut" => host::set_buffer(buffer, 0, arg.parse().unwrap(), b"").to_string(),
        "middle" => host::set_buffer(buffer, 1, 1, new).to_string(),
        "upper" => {
            let upper = host::buffer(buffer, 0, usize::MAX).1.to_ascii_uppercase();
            host::set_buffer(buffer, 0, usize::MAX, &upper).to_string()
        }
        _ => panic!("no verb {verb}"),
    }
}
