-- In place of lua-resty-balancer's resty.roundrobin, which Debian lacks: nodes in turn, each as often
-- as its weight says. The controller's balancer also reads `nodes`, to see whether they changed.

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

local _M = require("resty.nodes")(fill)

function _M.find(self)
  if #self.turns == 0 then
    return nil
  end
  self.at = self.at % #self.turns + 1
  return self.turns[self.at]
end

_M.next = _M.find

return _M
