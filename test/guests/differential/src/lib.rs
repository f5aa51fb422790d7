//! A filter that writes down every callback it gets and does, in any of them, what the request's
//! `x-do` field says: `PHASE=OP:ARGUMENT`, joined by `;`. In a chain `NAME.PHASE` speaks to one
//! filter, by its configuration. All it sees goes to the log, a line each, which a trap cannot take
//! back: `@NAME CASE what...`, where CASE is the request's `x-case`.

mod host;
mod steps;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::rc::Rc;
use std::time::Duration;
use steps::{Script, maps};

const TICK_MS: u64 = 20;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { name: Rc::from("") }));
}}

struct Root {
    name: Rc<str>,
}

impl Root {
    fn note(&self, what: &str) {
        host::log(&format!("@{} root {what}", self.name));
    }
}

impl Context for Root {
    fn on_done(&mut self) -> bool {
        self.note("done");
        true
    }
}

impl RootContext for Root {
    fn on_vm_start(&mut self, size: usize) -> bool {
        let name = self.get_plugin_configuration().unwrap_or_default();
        self.name = Rc::from(String::from_utf8_lossy(&name));
        self.note(&format!("vm_start {size}"));
        true
    }

    fn on_configure(&mut self, size: usize) -> bool {
        let name = self.get_plugin_configuration().unwrap_or_default();
        self.name = Rc::from(String::from_utf8_lossy(&name));
        self.note(&format!("configure {size}"));
        self.set_tick_period(Duration::from_millis(TICK_MS));
        true
    }

    /// Whoever holds something gets its steps of the phase `tick`.
    fn on_tick(&mut self) {
        steps::run_held();
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter { id, script: Script::new(self.name.clone()) }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Filter {
    id: u32,
    script: Script,
}

impl Filter {
    fn head(&mut self, phase: &str, map: u32, count: usize, rest: &str) -> Action {
        self.script.load();
        let (_, pairs) = host::pairs(map);
        let counted = if count == pairs.len() { "" } else { " miscounted" };
        self.script.note(&format!("{phase}{rest}{counted}"));
        for (name, value) in pairs {
            let (name, value) = (String::from_utf8_lossy(&name), String::from_utf8_lossy(&value));
            self.script.note(&format!("{phase} field {name}: {value}"));
        }
        self.paused(phase, self.script.run(phase, self.id))
    }

    fn paused(&self, phase: &str, action: Action) -> Action {
        if action == Action::Pause {
            self.script.note(&format!("{phase} pause"));
        }
        action
    }

    /// Steps of `body`, then, with the end, those of `end`.
    fn body(&mut self, way: &str, size: usize, end: bool) -> Action {
        self.script.note(&format!("{way}-body {size}{}", if end { " end" } else { "" }));
        let body = format!("{way}-body");
        let action = self.script.run(&body, self.id);
        // A pause in `body` is for whoever waits for the whole.
        let phase = format!("{way}-end");
        let last = end && self.script.has(&phase);
        self.paused(&body, if last { self.script.run(&phase, self.id) } else { action })
    }
}

impl Context for Filter {
    fn on_http_call_response(&mut self, _id: u32, headers: usize, body: usize, trailers: usize) {
        let fields = if headers == 0 { "none" } else { "some" };
        self.script.note(&format!("call {fields} {body} {trailers}"));
        self.script.run("call", self.id);
    }

    fn on_done(&mut self) -> bool {
        self.script.note("done");
        self.script.run("done", self.id);
        true
    }
}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, count: usize, end: bool) -> Action {
        self.head("req-head", maps::REQUEST, count, if end { " end" } else { "" })
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.body("req", size, end)
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        self.head("req-trailers", maps::REQUEST_TRAILERS, count, "")
    }

    fn on_http_response_headers(&mut self, count: usize, end: bool) -> Action {
        self.head("res-head", maps::RESPONSE, count, if end { " end" } else { "" })
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.body("res", size, end)
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        self.head("res-trailers", maps::RESPONSE_TRAILERS, count, "")
    }

    fn on_log(&mut self) {
        self.script.load();
        self.script.note("log");
        self.script.run("log", self.id);
    }
}

/// The crate drops a context in `proxy_on_delete`.
impl Drop for Filter {
    fn drop(&mut self) {
        self.script.note("delete");
    }
}
