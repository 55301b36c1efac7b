-- ARGV 4: state
local birth, version, text, count = held(ARGV[4])
keep(redis.call('HEXISTS', KEY, 'h') == 1)
return { birth, version, text, count }
