-- Compares and sets. ARGV 4: state, 5: lease or nothing, 6: its fence, 7: whether it ends with this, 8 and 9: birth and
-- version that the change was made from, 10: the commit's id, 11: text, 12: place, 13: operations
local state, lease, text = ARGV[4], ARGV[5], ARGV[11]
local found = redis.call('HMGET', KEY, 'b', 'v:' .. state, 'i:' .. state, 'h', 'p', 'x', 'f', 'w')
local birth, version, ids, holder, watchers = found[1], found[2], found[3] or '', found[4], found[8] or ''

-- The version that this commit has got, when its reply was lost and it is tried again.
local function known()
  local at = tonumber(version)
  for id in string.gmatch(ids, '[^\n]+') do
    if id == ARGV[10] then return { 'saved', birth, digits(at), others(watchers) } end
    at = at - 1
  end
end

-- With the lock where that ends, done or not.
local function settle()
  local isLocked = lease ~= '' and holder == lease
  if isLocked and ARGV[7] == '1' then isLocked = passOn() end
  keep(isLocked)
end

if string.find('\n' .. ids, '\n' .. ARGV[10] .. '\n', 1, true) then
  settle()
  return known()
end
if lease == '' then
  if stillHeld(holder, found[5], found[6]) then return { 'held' } end
elseif holder ~= lease and (holder or found[7] ~= ARGV[6]) then
  return { 'lost' }
end
if (version or '0') ~= ARGV[9] or (version and birth ~= ARGV[8]) then
  return lease ~= '' and { 'lost' } or { 'conflict', held(state) }
end

birth = birth or string.format('%x', micros)
version = digits((tonumber(version) or 0) + 1)
ids = ARGV[10] .. '\n' .. string.sub(ids, 1, 31 * (#ARGV[10] + 1))
redis.call('HSET', KEY, 'b', birth, 'v:' .. state, version, 's:' .. state, text, 'i:' .. state, ids)
settle()

local message = 'c ' .. birth .. ' ' .. version .. '\n' .. ARGV[12] .. '\n' .. ARGV[13]
local listening = {}
for process in string.gmatch(watchers, '%S+') do
  if process == PROCESS or redis.call('PUBLISH', process, message) > 0 then listening[#listening + 1] = process end
end
local left = table.concat(listening, ' ')
if left ~= watchers then redis.call('HSET', KEY, 'w', left) end
return { 'saved', birth, version, others(left) }
