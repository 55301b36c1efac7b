keep(redis.call('HEXISTS', KEY, 'h') == 1)
return 1
