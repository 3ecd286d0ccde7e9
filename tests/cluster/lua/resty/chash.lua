-- In place of lua-resty-balancer's resty.chash, which Debian lacks: each node at many points of a
-- ring, a key belongs to the next point after its own. A node that goes takes only its own keys with
-- it. The controller's balancer also reads `nodes`, to see whether they changed.

local POINTS = 160

local function fill(self, nodes)
  self.nodes, self.ring = {}, {}
  for id, weight in pairs(nodes) do
    self.nodes[id] = weight
    for n = 1, weight * POINTS do
      table.insert(self.ring, { at = ngx.crc32_long(id .. "#" .. n), id = id })
    end
  end
  table.sort(self.ring, function(a, b)
    return a.at < b.at or (a.at == b.at and a.id < b.id)
  end)
end

local _M = require("resty.nodes")(fill)

function _M.find(self, key)
  if #self.ring == 0 then
    return nil
  end
  local hash = ngx.crc32_long(tostring(key))
  local low, high = 1, #self.ring + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if self.ring[middle].at < hash then
      low = middle + 1
    else
      high = middle
    end
  end
  local index = low > #self.ring and 1 or low
  return self.ring[index].id, index
end

function _M.next(self, index)
  if #self.ring == 0 then
    return nil
  end
  index = index % #self.ring + 1
  return self.ring[index].id, index
end

return _M
