-- Forgets what the owner has; who holds its lock, waits or watches goes on.
for _, field in ipairs(redis.call('HKEYS', KEY)) do
  if field == 'b' or string.find(field, '^[vsi]:') then redis.call('HDEL', KEY, field) end
end
return 1
