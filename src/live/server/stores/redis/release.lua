-- Gives the lock back, or the place in the line. ARGV 4: state, 5: lease, 6: whether it may still wait
local lease = ARGV[5]
if ARGV[6] == '1' then redis.call('LREM', QUEUE, 1, PROCESS .. ' ' .. lease .. ' ' .. ARGV[4]) end
local holder = redis.call('HGET', KEY, 'h')
keep(holder == lease and passOn() or holder ~= lease and holder)
return 1
