-- What the stand-ins for lua-resty-balancer's balancers share: nodes with their weights, of which
-- `fill` makes what the balancer goes by, and sets `nodes`.

return function(fill)
  local _M = {}
  _M.__index = _M

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

  return _M
end
