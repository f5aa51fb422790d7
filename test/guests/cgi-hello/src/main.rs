//! A CGI/1.1 program with one path per behaviour that the host's tests need.
//!
//! Any other path answers with what it was told about the request, one fact a line.

use std::env;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn var(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn query_number(default: u64) -> u64 {
    var("QUERY_STRING").parse().unwrap_or(default)
}

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(8192, io::stdout().lock());
    match var("PATH_INFO").as_str() {
        "/env" => {
            write!(out, "content-type: text/plain\n\n")?;
            for (name, value) in env::vars_os() {
                out.write_all(name.as_encoded_bytes())?;
                out.write_all(b"=")?;
                out.write_all(value.as_encoded_bytes())?;
                out.write_all(b"\n")?;
            }
            for arg in env::args() {
                writeln!(out, "arg {arg}")?;
            }
        }
        "/trap" => panic!("asked to trap"),
        "/overflow" => write!(out, "content-type: text/plain\n\n{}", recurse(query_number(0)))?,
        "/exit3" => std::process::exit(3),
        "/answer-exit3" => {
            write!(out, "content-type: text/plain\n\nlast words\n")?;
            out.flush()?;
            std::process::exit(3)
        }
        "/loop" => loop {
            std::hint::spin_loop();
        },
        "/busy" => loop {
            std::thread::yield_now();
        },
        "/garbage" => write!(out, "this is no header line")?,
        "/silent" => {}
        "/empty" => write!(out, "status: 204 No Content\n\n")?,
        "/missing" => write!(out, "Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nnot here\n")?,
        "/redirect" => write!(out, "Location: https://example.com/elsewhere\n\n")?,
        "/inject" => write!(out, "content-type: text/plain\nx-bad: a\rset-cookie: b\n\nbody")?,
        "/framing" => write!(
            out,
            "content-type: text/plain\ncontent-length: 999\ntransfer-encoding: chunked\nconnection: close\nset-cookie: a=1\nset-cookie: b=2\n\nbody"
        )?,
        "/echo" => {
            let mut body = Vec::new();
            io::stdin().read_to_end(&mut body)?;
            write!(out, "content-type: application/octet-stream\n\n")?;
            out.write_all(&body)?;
        }
        "/big" => {
            write!(out, "content-type: text/plain\n\n")?;
            let line = [b'x'; 1024];
            let mut left = query_number(1 << 20) as usize;
            while left > 0 {
                let part = left.min(line.len());
                out.write_all(&line[..part])?;
                left -= part;
            }
        }
        "/grow" => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            for _ in 0..query_number(16) {
                held.push(vec![1; 1 << 20]);
            }
            write!(out, "content-type: text/plain\n\nheld {} MiB\n", held.len())?;
        }
        "/sleep" => {
            let before = Instant::now();
            std::thread::sleep(Duration::from_millis(query_number(20)));
            write!(out, "content-type: text/plain\n\nslept {} ms\n", before.elapsed().as_millis())?;
        }
        "/time" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            write!(out, "content-type: text/plain\n\n{}\n", now.as_millis())?;
        }
        "/log" => {
            for line in 0..query_number(1) {
                eprintln!("line {line} on standard error");
            }
            write!(out, "content-type: text/plain\n\nlogged\n")?;
        }
        "/file" => {
            let text = match std::fs::read_to_string(var("QUERY_STRING")) {
                Ok(text) => text,
                Err(error) => format!("error {error}\n"),
            };
            write!(out, "content-type: text/plain\n\n{text}")?;
        }
        "/write" => {
            let path = var("QUERY_STRING");
            let mut body = Vec::new();
            io::stdin().read_to_end(&mut body)?;
            let text = match std::fs::write(&path, &body) {
                Ok(()) => format!("wrote {} bytes\n", body.len()),
                Err(error) => format!("error {error}\n"),
            };
            write!(out, "content-type: text/plain\n\n{text}")?;
        }
        "/list" => {
            write!(out, "content-type: text/plain\n\n")?;
            let mut names = Vec::new();
            for entry in std::fs::read_dir(var("QUERY_STRING"))? {
                let entry = entry?;
                let kind = if entry.file_type()?.is_dir() { "dir" } else { "file" };
                names.push(format!("{kind} {}", entry.file_name().to_string_lossy()));
            }
            names.sort();
            for name in names {
                writeln!(out, "{name}")?;
            }
        }
        path => {
            let mut body = Vec::new();
            io::stdin().read_to_end(&mut body)?;
            write!(out, "content-type: text/plain\nx-guest: cgi-hello\n\n")?;
            writeln!(out, "method {}", var("REQUEST_METHOD"))?;
            writeln!(out, "path {path}")?;
            writeln!(out, "query {}", var("QUERY_STRING"))?;
            writeln!(out, "x-hello {}", var("HTTP_X_HELLO"))?;
            writeln!(out, "body {}", body.len())?;
        }
    }
    out.flush()
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let page = std::hint::black_box([depth; 64]);
    if std::hint::black_box(false) {
        return 0;
    }
    page[(depth % 64) as usize] + recurse(depth + 1)
}
