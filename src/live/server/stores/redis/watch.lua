-- Notes, or with ARGV 5 forgets, that this process watches. ARGV 4: state
local watchers = redis.call('HGET', KEY, 'w') or ''
local rest = {}
for process in string.gmatch(watchers, '%S+') do
  if process ~= PROCESS then rest[#rest + 1] = process end
end
if ARGV[5] ~= '1' then rest[#rest + 1] = PROCESS end
redis.call('HSET', KEY, 'w', table.concat(rest, ' '))
keep(redis.call('HEXISTS', KEY, 'h') == 1)
local birth, version = held(ARGV[4])
return { birth, version }
