-- Stands before every script. KEYS: the owner's hash, and the list of those who wait for its lock.
--   b    the owner's birth: with the run of the server it makes the epoch
--   v:*  a state's version     s:*  its text     i:*  the ids of its last commits, newest first
--   h    the lease that holds the lock     p  its process     x  when it ends, by this server     f  the last fence
--   w    the processes that watch
-- A process is named by its channel. Nobody waits while the lock is free: whoever frees it passes it on.
local KEY, QUEUE = KEYS[1], KEYS[2]
local IDLE, LEASE, PROCESS = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)

local function digits(number) return string.format('%.0f', number) end

-- What nobody uses goes by itself, but not while it is locked.
local function keep(isLocked)
  redis.call('PEXPIRE', KEY, isLocked and math.max(IDLE, LEASE) or IDLE)
end

-- Above the last one, and above whatever was given before this hash was made.
local function take(process, lease)
  local fence = digits(math.max((tonumber(redis.call('HGET', KEY, 'f')) or 0) + 1, micros))
  redis.call('HSET', KEY, 'h', lease, 'p', process, 'x', digits(now + LEASE), 'f', fence)
  return fence
end

-- Who watches, apart from this process; asks none of them whether it is there.
local function others(watchers)
  local count = 0
  for process in string.gmatch(watchers or '', '%S+') do
    if process ~= PROCESS then count = count + 1 end
  end
  return count
end

local function held(state)
  local found = redis.call('HMGET', KEY, 'b', 'v:' .. state, 's:' .. state, 'w')
  return found[2] and found[1] or '', found[2] or '0', found[3] or '', others(found[4])
end

-- The lock goes to the first in line whose process listens, and is not known to have stopped; true when there was one.
local function passOn(stopped)
  local gone = { [stopped or ''] = true }
  while true do
    local entry = redis.call('LPOP', QUEUE)
    if not entry then
      redis.call('HDEL', KEY, 'h', 'p', 'x')
      return false
    end
    local process, lease, state = string.match(entry, '^(%S+) (%S+) (.*)$')
    if gone[process] == nil then gone[process] = redis.call('PUBLISH', process, '') == 0 end
    if not gone[process] then
      local fence = take(process, lease)
      local birth, version, text = held(state)
      redis.call('PUBLISH', process, 'g ' .. table.concat({ lease, fence, birth, version }, ' ') .. '\n' .. text)
      return true
    end
  end
end

-- Takes the lock from a holder whose lease is over; true when the lock is held nevertheless. Others of that process who wait
-- would let their leases run out as well, one by one: where it lives after all, they ask again.
local function stillHeld(holder, process, ends)
  if not holder then return false end
  if tonumber(ends) > now then return true end
  redis.call('PUBLISH', process, 'l ' .. holder)
  return passOn(process)
end
