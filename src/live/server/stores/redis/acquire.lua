-- Takes the lock or a place in the line; asked again, says how that stands. ARGV 4: state, 5: lease, 6: first, again or try
local state, lease = ARGV[4], ARGV[5]
local entry = PROCESS .. ' ' .. lease .. ' ' .. state
local found = redis.call('HMGET', KEY, 'h', 'p', 'x', 'f')
local holder, fence = found[1], found[4]
if holder ~= lease then
  if stillHeld(holder, found[2], found[3]) then
    holder = redis.call('HGET', KEY, 'h')
    fence = redis.call('HGET', KEY, 'f')
  else
    holder = lease
    fence = take(PROCESS, lease)
    if ARGV[6] == 'again' then redis.call('LREM', QUEUE, 1, entry) end
  end
end
keep(true)
if holder == lease then return { 'granted', fence, held(state) } end
if ARGV[6] == 'try' then return { 'held' } end
if ARGV[6] == 'first' or not redis.call('LPOS', QUEUE, entry) then redis.call('RPUSH', QUEUE, entry) end
redis.call('PEXPIRE', QUEUE, math.max(IDLE, LEASE))
return { 'queued', math.max(0, tonumber(redis.call('HGET', KEY, 'x')) - now) }
