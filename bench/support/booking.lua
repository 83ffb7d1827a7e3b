-- Books two seats per request, every pair once; each thread walks over pairs of its own.
-- Arguments: file of tokens, file of seat pairs, path, body with places for the two seats, how many threads,
-- how many pairs were used before, how many bookings a second (0: each as soon as the one before was answered).

local ffi = require("ffi")
ffi.cdef([[
  typedef struct { long tv_sec; long tv_usec; } timeval;
  int gettimeofday(timeval *tv, void *tz);
]])

local threads = {}
local time = ffi.new("timeval")

local function now_ms()
  ffi.C.gettimeofday(time, nil)
  return tonumber(time.tv_sec) * 1000 + tonumber(time.tv_usec) / 1000
end

function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

local function lines(path)
  local found = {}
  for line in io.lines(path) do
    found[#found + 1] = line
  end
  return found
end

function init(args)
  tokens, seat_pairs, path, body = lines(args[1]), lines(args[2]), args[3], args[4]
  stride = tonumber(args[5])
  cursor = tonumber(args[6]) + number
  created, refused, other, exhausted = 0, 0, 0, 0
  local per_s = tonumber(args[7])
  if per_s > 0 then
    local pause_ms, due_ms = 1000 * stride / per_s, now_ms()
    -- wrk asks before each request of any of the thread's connections: together they keep the beat.
    function delay()
      due_ms = due_ms + pause_ms
      return math.max(0, due_ms - now_ms())
    end
  end
end

function request()
  local first, second = seat_pairs[cursor % #seat_pairs + 1]:match("^(%S+) (%S+)$")
  local token = tokens[cursor % #tokens + 1]
  if cursor >= #seat_pairs then
    exhausted = exhausted + 1
  end
  cursor = cursor + stride
  local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
  return wrk.format("POST", path, headers, body:format(first, second))
end

function response(status)
  if status == 201 then
    created = created + 1
  elseif status == 409 then
    refused = refused + 1
  else
    other = other + 1
  end
end

function done(summary, latency)
  local sums = { created = 0, refused = 0, other = 0, exhausted = 0 }
  local furthest = 0
  for _, thread in ipairs(threads) do
    for name in pairs(sums) do
      sums[name] = sums[name] + thread:get(name)
    end
    furthest = math.max(furthest, thread:get("cursor"))
  end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"created": %d, "refused": %d, "other": %d, "exhausted": %d, "furthest": %d, "seconds": %.3f, ' ..
    '"p50_ms": %.2f, "p99_ms": %.2f, "max_ms": %.2f, "socket_errors": %d}\n',
    sums.created, sums.refused, sums.other, sums.exhausted, furthest, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    errors.connect + errors.read + errors.write + errors.timeout))
end
