//! A filter that does what a request's `x-probe` field says: `PHASE=OP:ARGUMENT`, joined by `;`.
//! What host calls give back is logged, so that a test reads it in the log.

mod ops;

use ops::Step;
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Trace);
    proxy_wasm::set_root_context(|_| Box::new(Root { configuration: String::new() }));
}}

struct Root {
    configuration: String,
}

impl Context for Root {
    fn on_done(&mut self) -> bool {
        log::info!("root done");
        self.configuration != "park"
    }

    fn on_http_call_response(&mut self, id: u32, headers: usize, body: usize, trailers: usize) {
        log::info!("root call {id} {headers} {body} {trailers}");
    }
}

impl RootContext for Root {
    fn on_vm_start(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        self.configuration = String::from_utf8_lossy(&bytes).into_owned();
        log::info!("vm start {:?}", std::env::var("GREETING").ok());
        if self.configuration == "trap-start" {
            panic!("trap in on_vm_start");
        }
        self.configuration != "fail-start"
    }

    fn on_configure(&mut self, size: usize) -> bool {
        log::info!("configure {size} {}", self.configuration);
        if let Some(period) = self.configuration.strip_prefix("tick ") {
            self.set_tick_period(std::time::Duration::from_millis(period.parse().unwrap()));
        }
        if let Some(name) = self.configuration.strip_prefix("queue ") {
            let id = hostcalls::register_shared_queue(name).unwrap();
            log::info!("queue {id}");
        }
        self.configuration != "reject"
    }

    fn on_tick(&mut self) {
        log::info!("tick");
        if self.configuration.starts_with("park") {
            hostcalls::done().unwrap();
        }
    }

    fn on_queue_ready(&mut self, id: u32) {
        let item = self.dequeue_shared_queue(id).unwrap();
        log::info!("queue {id} ready {:?}", item.map(|b| String::from_utf8(b).unwrap()));
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Probe { id, steps: Vec::new() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Probe {
    id: u32,
    steps: Vec<Step>,
}

impl Probe {
    fn run(&self, phase: &str, body: Option<BufferType>) -> Action {
        let mut action = Action::Continue;
        for step in self.steps.iter().filter(|step| step.phase == phase) {
            if ops::run(step, body, self.id) == Action::Pause {
                action = Action::Pause;
            }
        }
        action
    }
}

impl Context for Probe {
    fn on_http_call_response(&mut self, id: u32, headers: usize, body: usize, trailers: usize) {
        log::info!("call {id} {headers} {body} {trailers}");
        self.run("call", Some(BufferType::HttpCallResponseBody));
    }

    fn on_grpc_call_response(&mut self, id: u32, status: u32, size: usize) {
        log::info!("grpc {id} {status} {size} {:?}", hostcalls::get_grpc_status().unwrap());
    }

    fn on_grpc_stream_initial_metadata(&mut self, id: u32, count: u32) {
        log::info!("grpc initial {id} {count}");
    }

    fn on_grpc_stream_message(&mut self, id: u32, size: usize) {
        log::info!("grpc message {id} {:?}", self.get_grpc_stream_message(0, size));
    }

    fn on_grpc_stream_trailing_metadata(&mut self, id: u32, count: u32) {
        log::info!("grpc trailing {id} {count}");
    }

    fn on_grpc_stream_close(&mut self, id: u32, status: u32) {
        log::info!("grpc close {id} {status}");
    }

    fn on_done(&mut self) -> bool {
        log::info!("done");
        self.run("done", None);
        false
    }
}

impl HttpContext for Probe {
    fn on_http_request_headers(&mut self, count: usize, end: bool) -> Action {
        let script = self.get_http_request_header("x-probe").unwrap_or_default();
        self.steps = script.split(';').filter_map(Step::parse).collect();
        log::debug!("request headers {count} {end}");
        self.run("request", None)
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        log::debug!("request body {size} {end}");
        let action = self.run("body", Some(BufferType::HttpRequestBody));
        if end && self.run("body-end", Some(BufferType::HttpRequestBody)) == Action::Pause {
            return Action::Pause;
        }
        // A step of `body` pauses until the end only: whoever wants the whole body waits for it.
        if end && self.steps.iter().any(|step| step.phase == "body-end") { Action::Continue } else { action }
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        log::debug!("request trailers {count}");
        self.run("trailers", Some(BufferType::HttpRequestBody))
    }

    fn on_http_response_headers(&mut self, count: usize, end: bool) -> Action {
        log::debug!("response headers {count} {end}");
        self.run("response", None)
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        log::debug!("response body {size} {end}");
        let action = self.run("answer", Some(BufferType::HttpResponseBody));
        if end && self.run("answer-end", Some(BufferType::HttpResponseBody)) == Action::Pause {
            return Action::Pause;
        }
        if end && self.steps.iter().any(|step| step.phase == "answer-end") { Action::Continue } else { action }
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        log::debug!("response trailers {count}");
        self.run("answer-trailers", Some(BufferType::HttpResponseBody))
    }

    fn on_log(&mut self) {
        log::info!("log");
        self.run("log", None);
    }
}
