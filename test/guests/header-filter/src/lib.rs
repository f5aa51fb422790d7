//! A filter that touches two headers, and misbehaves when a request asks for it.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::rc::Rc;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { configuration: Rc::from("") }));
}}

struct Root {
    configuration: Rc<str>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        match String::from_utf8(bytes) {
            Ok(text) if text != "reject" => {
                self.configuration = Rc::from(text);
                true
            }
            _ => false,
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter { configuration: self.configuration.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Filter {
    configuration: Rc<str>,
}

impl Context for Filter {}

impl Filter {
    fn asks_for(&self, name: &str) -> bool {
        self.get_http_request_header(name).as_deref() == Some("yes")
    }
}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _count: usize, _end: bool) -> Action {
        self.add_http_request_header("x-filter", "rust");
        if self.get_http_request_header(":path").as_deref() == Some("/blocked") {
            self.send_http_response(403, vec![("x-blocked-by", "header-filter")], Some(b"blocked\n"));
            return Action::Pause;
        }
        if self.asks_for("x-log") {
            log::info!("a request asked for a line of log");
        }
        if self.asks_for("x-trap") {
            panic!("a request asked for a trap");
        }
        if self.asks_for("x-loop") {
            loop {
                std::hint::black_box(());
            }
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end: bool) -> Action {
        self.set_http_response_header("x-filtered", Some(&self.configuration));
        Action::Continue
    }
}
