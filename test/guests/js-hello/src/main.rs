//! A CGI/1.1 program that answers with JavaScript: `handler.js`, evaluated by QuickJS.
//!
//! The handler gets `{method, path, query, headers, body}` and returns `{status, headers, body}` or a
//! promise of it. Each request is a new process, so a new engine: nothing of one is seen by another.

use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Module, Object, Promise, Runtime, Value};
use std::env;
use std::io::{self, Read, Write};
use std::process::ExitCode;

const HANDLER: &str = include_str!("../handler.js");
/// Below the linked stack, so that deep recursion is a JavaScript error and not a trap.
const ENGINE_STACK_BYTES: usize = 160 * 1024;

struct Answer {
    status: u16,
    fields: Vec<(String, String)>,
    body: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(answer) => match write_answer(&answer) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error.to_string()),
        },
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

fn run() -> Result<Answer, String> {
    let mut body = Vec::new();
    io::stdin().read_to_end(&mut body).map_err(|error| error.to_string())?;
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    runtime.set_max_stack_size(ENGINE_STACK_BYTES);
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    context.with(|ctx| answer(&ctx, &body).catch(&ctx).map_err(|error| describe(&error)))
}

fn describe(error: &CaughtError) -> String {
    format!("handler.js: {error}")
}

fn answer<'js>(ctx: &Ctx<'js>, body: &[u8]) -> rquickjs::Result<Answer> {
    let (module, loaded) = Module::declare(ctx.clone(), "handler.js", HANDLER)?.eval()?;
    loaded.finish::<()>()?;
    let handle: Function = module.get("handle")?;
    let mut result: Value = handle.call((request(ctx, body)?,))?;
    if let Some(promise) = result.clone().into_promise() {
        result = settle(promise)?;
    }
    read_answer(result)
}

fn settle<'js>(promise: Promise<'js>) -> rquickjs::Result<Value<'js>> {
    promise.finish()
}

fn request<'js>(ctx: &Ctx<'js>, body: &[u8]) -> rquickjs::Result<Object<'js>> {
    let headers = Object::new(ctx.clone())?;
    for (name, value) in env::vars_os() {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        if let Some(field) = name.strip_prefix("HTTP_") {
            headers.set(field.to_ascii_lowercase().replace('_', "-"), value.as_ref())?;
        } else if name == "CONTENT_TYPE" {
            headers.set("content-type", value.as_ref())?;
        }
    }
    let request = Object::new(ctx.clone())?;
    request.set("method", env::var("REQUEST_METHOD").unwrap_or_default())?;
    request.set("path", env::var("PATH_INFO").unwrap_or_default())?;
    request.set("query", env::var("QUERY_STRING").unwrap_or_default())?;
    request.set("headers", headers)?;
    request.set("body", String::from_utf8_lossy(body).into_owned())?;
    Ok(request)
}

fn read_answer(value: Value) -> rquickjs::Result<Answer> {
    let object: Object = value.get()?;
    let mut fields = Vec::new();
    if let Some(headers) = object.get::<_, Option<Object>>("headers")? {
        for entry in headers.props::<String, String>() {
            fields.push(entry?);
        }
    }
    Ok(Answer {
        status: object.get::<_, Option<u16>>("status")?.unwrap_or(200),
        fields,
        body: object.get::<_, Option<String>>("body")?.unwrap_or_default(),
    })
}

fn write_answer(answer: &Answer) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut text = format!("status: {}\n", answer.status);
    for (name, value) in &answer.fields {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&answer.body);
    out.write_all(text.as_bytes())?;
    out.flush()
}
