-- In place of lua-resty-balancer's resty.roundrobin, which Debian lacks: nodes in turn, each as often
-- as its weight says. The controller's balancer also reads `nodes`, to see whether they changed.

local _M = {}
_M.__index = _M

local function fill(self, nodes)
  self.nodes, self.turns = {}, {}
  for id, weight in pairs(nodes) do
    self.nodes[id] = weight
    for _ = 1, weight do
      table.insert(self.turns, id)
    end
  end
  -- Workers must not all begin with the same node.
  self.at = #self.turns > 0 and math.random(#self.turns) or 0
end

function _M.new(_, nodes)
  local self = setmetatable({}, _M)
  fill(self, nodes)
  return self
end

_M.reinit = fill

function _M.set(self, id, weight)
  self.nodes[id] = weight > 0 and weight or nil
  fill(self, self.nodes)
end

function _M.delete(self, id)
  self:set(id, 0)
end

function _M.find(self)
  if #self.turns == 0 then
    return nil
  end
  self.at = self.at % #self.turns + 1
  return self.turns[self.at]
end

_M.next = _M.find

return _M
