-- What wrk runs. Arguments after `--`: number of routes (0: the URL's own path), method, body bytes.
-- With several routes each request takes one of them at random, so that no cache of the last match helps.
-- The figures leave as one line of JSON, with more digits and percentiles than wrk's own text.

local function fixed(routes, method, bytes)
  wrk.method = method
  if bytes > 0 then
    wrk.body = string.rep("x", bytes)
  end
  if routes == 0 then
    return
  end
  local requests = {}
  for i = 0, routes - 1 do
    requests[i + 1] = wrk.format(method, "/r" .. i .. "/item")
  end
  math.randomseed(20260101)
  request = function()
    return requests[math.random(routes)]
  end
end

function init(args)
  fixed(tonumber(args[1] or "0"), args[2] or "GET", tonumber(args[3] or "0"))
end

function done(summary, latency, _)
  local errors = summary.errors
  local line = '{"requests":%d,"durationUs":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,'
    .. '"p50Us":%d,"p90Us":%d,"p99Us":%d,"p999Us":%d,"maxUs":%d}\n'
  io.write("BENCH " .. string.format(line, summary.requests, summary.duration, errors.connect, errors.read,
    errors.write, errors.timeout, errors.status, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency:percentile(99.9), latency.max))
end
