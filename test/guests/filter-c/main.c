/* What the header filter in Rust does, by hand against the ABI, with no SDK. The macro ABI says which
   version it claims: 10 is 0.1.0, 20 is 0.2.0, 21 is 0.2.1. It notes what it sees in the log:
   `@NAME CASE what...`. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef ABI
#define ABI 21
#endif

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

typedef uint32_t u32;

IMPORT(proxy_log) u32 proxy_log(u32 level, const char *text, u32 size);
IMPORT(proxy_get_header_map_value)
u32 proxy_get_header_map_value(u32 map, const char *name, u32 name_size, char **at, u32 *size);
IMPORT(proxy_add_header_map_value)
u32 proxy_add_header_map_value(u32 map, const char *name, u32 name_size, const char *value, u32 size);
IMPORT(proxy_replace_header_map_value)
u32 proxy_replace_header_map_value(u32 map, const char *name, u32 name_size, const char *value, u32 size);
IMPORT(proxy_remove_header_map_value)
u32 proxy_remove_header_map_value(u32 map, const char *name, u32 name_size);
IMPORT(proxy_send_local_response)
u32 proxy_send_local_response(u32 status, const char *details, u32 details_size, const char *body,
                              u32 body_size, const char *fields, u32 fields_size, u32 grpc_status);
IMPORT(proxy_get_buffer_bytes)
u32 proxy_get_buffer_bytes(u32 buffer, u32 start, u32 max, char **at, u32 *size);
IMPORT(proxy_set_buffer_bytes)
u32 proxy_set_buffer_bytes(u32 buffer, u32 start, u32 old, const char *at, u32 size);
IMPORT(proxy_set_effective_context) u32 proxy_set_effective_context(u32 context);
IMPORT(proxy_set_tick_period_milliseconds) u32 proxy_set_tick_period_milliseconds(u32 period);
IMPORT(proxy_http_call)
u32 proxy_http_call(const char *target, u32 target_size, const char *fields, u32 fields_size,
                    const char *body, u32 body_size, const char *trailers, u32 trailers_size,
                    u32 timeout, u32 *id);

#if ABI == 10
IMPORT(proxy_get_configuration) u32 proxy_get_configuration(char **at, u32 *size);
IMPORT(proxy_continue_request) u32 proxy_continue_request(void);
IMPORT(proxy_clear_route_cache) u32 proxy_clear_route_cache(void);
EXPORT(proxy_abi_version_0_1_0) void abi_version(void) {}
#else
IMPORT(proxy_continue_stream) u32 proxy_continue_stream(u32 stream);
#if ABI == 20
EXPORT(proxy_abi_version_0_2_0) void abi_version(void) {}
#else
IMPORT(proxy_get_log_level) u32 proxy_get_log_level(u32 *level);
EXPORT(proxy_abi_version_0_2_1) void abi_version(void) {}
#endif
#endif

enum { REQUEST, REQUEST_TRAILERS, RESPONSE, RESPONSE_TRAILERS };
enum { REQUEST_BODY, RESPONSE_BODY, CALL_BODY = 4, PLUGIN_CONFIGURATION = 7 };
enum { CONTINUE, PAUSE };

#define TICK_MS 20
#define TIMEOUT_MS 2000
#define STREAMS 256
#define TEXT 64

/* A stream in hand. */
struct stream {
  u32 context;
  char id[TEXT];
  u32 call;
  int waits;
  int upper;
};

static struct stream streams[STREAMS];
static char name[TEXT] = "-";

EXPORT(malloc) void *host_malloc(u32 size) { return malloc(size); }

static struct stream *find(u32 context) {
  for (u32 i = 0; i < STREAMS; i++)
    if (streams[i].context == context) return &streams[i];
  return 0;
}

/* A C string of a value, at most `room` bytes with its end. */
static void keep(char *to, u32 room, char *from, u32 size) {
  if (size >= room) size = room - 1;
  memcpy(to, from, size);
  to[size] = 0;
  free(from);
}

static u32 get(u32 map, const char *field, char *to) {
  char *at = 0;
  u32 size = 0;
  u32 status = proxy_get_header_map_value(map, field, strlen(field), &at, &size);
  to[0] = 0;
  if (status == 0 && at != 0) keep(to, TEXT, at, size);
  return status;
}

static int is(u32 map, const char *field, const char *wanted) {
  char value[TEXT];
  return get(map, field, value) == 0 && strcmp(value, wanted) == 0;
}

static void add(u32 map, const char *field, const char *value) {
  proxy_add_header_map_value(map, field, strlen(field), value, strlen(value));
}

static void note(struct stream *stream, const char *what, u32 value) {
  char line[4 * TEXT] = "@";
  strcat(line, name);
  strcat(line, " ");
  strcat(line, stream == 0 ? "root" : stream->id);
  strcat(line, " ");
  strcat(line, what);
  char digits[12];
  char *digit = digits + sizeof digits;
  *--digit = 0;
  do *--digit = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  strcat(strcat(line, " "), digit);
  proxy_log(2, line, strlen(line));
}

/* Fields, flat, in the encoding of the ABI. The caller frees it. */
static char *encode(const char *const *fields, u32 count, u32 *size) {
  *size = 4 + count * 8;
  for (u32 i = 0; i < count * 2; i++) *size += strlen(fields[i]) + 1;
  char *bytes = malloc(*size), *text = bytes + 4 + count * 8;
  memcpy(bytes, &count, 4);
  for (u32 i = 0; i < count * 2; i++) {
    u32 length = strlen(fields[i]);
    memcpy(bytes + 4 + i * 4, &length, 4);
    memcpy(text, fields[i], length + 1);
    text += length + 1;
  }
  return bytes;
}

static void resume(void) {
#if ABI == 10
  proxy_continue_request();
#else
  proxy_continue_stream(0);
#endif
}

EXPORT(proxy_on_context_create) void on_context_create(u32 context, u32 parent) {
  struct stream *free_one = parent == 0 ? 0 : find(0);
  if (free_one == 0) return;
  memset(free_one, 0, sizeof *free_one);
  free_one->context = context;
  strcpy(free_one->id, "-");
}

EXPORT(proxy_on_vm_start) u32 on_vm_start(u32 context, u32 size) { return 1; }

EXPORT(proxy_on_configure) u32 on_configure(u32 context, u32 size) {
  char *at = 0;
  u32 length = 0;
#if ABI == 10
  u32 status = proxy_get_configuration(&at, &length);
#else
  u32 status = proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, &at, &length);
#endif
  if (status == 0 && at != 0) keep(name, TEXT, at, length);
  proxy_set_tick_period_milliseconds(TICK_MS);
  note(0, "configure", status);
  return strcmp(name, "reject") != 0;
}

EXPORT(proxy_on_tick) void on_tick(u32 context) {
  for (u32 i = 0; i < STREAMS; i++) {
    if (!streams[i].waits) continue;
    streams[i].waits = 0;
    note(&streams[i], "tick", proxy_set_effective_context(streams[i].context));
    resume();
  }
}

static u32 ask(struct stream *stream, const char *upstream) {
  const char *fields[] = {":method", "POST",         ":path",  "/asked",
                          ":authority", "callout.test", "x-case", stream->id};
  u32 size;
  char *encoded = encode(fields, 4, &size);
  u32 status = proxy_http_call(upstream, strlen(upstream), encoded, size, "question", 8, 0, 0,
                               TIMEOUT_MS, &stream->call);
  free(encoded);
  note(stream, "asked", status);
  return status == 0 ? PAUSE : CONTINUE;
}

static u32 request_headers(u32 context, u32 count, u32 end) {
  struct stream *stream = find(context);
  char value[TEXT];
  get(REQUEST, "x-case", stream->id);
  stream->upper = is(REQUEST, "x-upper", "yes");
  note(stream, "request head", end);
  note(stream, "missing", get(REQUEST, "x-missing", value));
  add(REQUEST, "x-filter", "c");
  if (is(REQUEST, ":path", "/blocked")) {
    const char *fields[] = {"x-blocked-by", "filter-c"};
    u32 size;
    char *encoded = encode(fields, 1, &size);
    note(stream, "blocked",
         proxy_send_local_response(403, "blocked", 7, "blocked\n", 8, encoded, size, -1));
    free(encoded);
    return PAUSE;
  }
  if (is(REQUEST, "x-trap", "yes")) __builtin_trap();
  if (is(REQUEST, "x-wait", "yes")) {
    stream->waits = 1;
    return PAUSE;
  }
  if (get(REQUEST, "x-ask", value) == 0 && value[0] != 0) return ask(stream, value);
  if (stream->upper) proxy_remove_header_map_value(REQUEST, "content-length", 14);
#if ABI == 10
  note(stream, "clear route cache", proxy_clear_route_cache());
#elif ABI == 21
  u32 level = 9;
  note(stream, "log level", proxy_get_log_level(&level));
#endif
  return CONTINUE;
}

static u32 response_headers(u32 context, u32 count, u32 end) {
  struct stream *stream = find(context);
  note(stream, "response head", end);
  if (stream->upper) proxy_remove_header_map_value(RESPONSE, "content-length", 14);
  proxy_replace_header_map_value(RESPONSE, "x-filtered", 10, name, strlen(name));
  return CONTINUE;
}

#if ABI == 10
EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count) {
  return request_headers(context, count, 0);
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count) {
  return response_headers(context, count, 0);
}
#else
EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
  return request_headers(context, count, end);
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
  return response_headers(context, count, end);
}
#endif

static u32 body(u32 buffer, u32 context, u32 size, u32 end) {
  struct stream *stream = find(context);
  if (!stream->upper) return CONTINUE;
  if (!end) return PAUSE;
  char *at = 0;
  u32 length = 0;
  proxy_get_buffer_bytes(buffer, 0, size, &at, &length);
  note(stream, "body", length == size);
  for (u32 i = 0; i < length; i++)
    if (at[i] >= 'a' && at[i] <= 'z') at[i] -= 'a' - 'A';
  proxy_set_buffer_bytes(buffer, 0, UINT32_MAX, at, length);
  proxy_set_buffer_bytes(buffer, 0, 0, "<", 1);
  proxy_set_buffer_bytes(buffer, UINT32_MAX, 0, ">", 1);
  free(at);
  return CONTINUE;
}

EXPORT(proxy_on_request_body) u32 on_request_body(u32 context, u32 size, u32 end) {
  return body(REQUEST_BODY, context, size, end);
}

EXPORT(proxy_on_response_body) u32 on_response_body(u32 context, u32 size, u32 end) {
  return body(RESPONSE_BODY, context, size, end);
}

EXPORT(proxy_on_request_trailers) u32 on_request_trailers(u32 context, u32 count) {
  add(REQUEST_TRAILERS, "x-filter", "c");
  return CONTINUE;
}

EXPORT(proxy_on_response_trailers) u32 on_response_trailers(u32 context, u32 count) {
  add(RESPONSE_TRAILERS, "x-filter", "c");
  return CONTINUE;
}

EXPORT(proxy_on_http_call_response)
void on_http_call_response(u32 context, u32 call, u32 headers, u32 size, u32 trailers) {
  for (u32 i = 0; i < STREAMS; i++) {
    struct stream *stream = &streams[i];
    if (stream->context == 0 || stream->call != call) continue;
    char *at = 0, text[2 * TEXT] = "answer ", answer[TEXT];
    u32 length = 0;
    if (proxy_get_buffer_bytes(CALL_BODY, 0, size, &at, &length) != 0 || at == 0) length = 0;
    keep(answer, TEXT, at, length);
    note(stream, strcat(text, answer), headers > 0);
    proxy_set_effective_context(stream->context);
    resume();
  }
}

EXPORT(proxy_on_log) void on_log(u32 context) { note(find(context), "log", 0); }

EXPORT(proxy_on_done) u32 on_done(u32 context) { return 1; }

EXPORT(proxy_on_delete) void on_delete(u32 context) {
  struct stream *stream = find(context);
  if (stream == 0) return;
  note(stream, "delete", 0);
  stream->context = 0;
}
