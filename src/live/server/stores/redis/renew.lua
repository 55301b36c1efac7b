-- Holds the lock for another while, also past its end when nobody has taken it. ARGV 4: lease, 5: its fence
local found = redis.call('HMGET', KEY, 'h', 'f')
if found[1] ~= ARGV[4] and (found[1] or found[2] ~= ARGV[5]) then return 0 end
redis.call('HSET', KEY, 'h', ARGV[4], 'p', PROCESS, 'x', digits(now + LEASE))
keep(true)
return 1
