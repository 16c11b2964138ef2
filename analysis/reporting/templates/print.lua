-- What pandoc's Typst writer leaves out or gets wrong for our reports, and what a printed page has that a screen has not.

local stringify = pandoc.utils.stringify

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', ' ') .. '"'
end

local function raw(text)
  return pandoc.RawBlock('typst', text)
end

local function inline(text)
  return pandoc.RawInline('typst', text)
end

-- What Typst would read as something else than the text it is: a hyphen before a digit becomes a minus sign, which a search for
-- the number as we write it would miss, and one before a question mark is not shown at all; three points become one sign; a mark
-- that begins a cell, a heading or a list; a point and a name behind an element, a call.
local marks = { '^%-%d', '%W%-%d', '%-%?', '%.%.%.', '^[=+/%-]+$', '^%.[%a_\128-\255]' }

local function plain(str)
  for _, mark in ipairs(marks) do
    if str.text:match(mark) then
      return inline('#' .. quoted(str.text))
    end
  end
end

-- A figure stays in one piece: no line ends between a number and its unit.
local function whole(link)
  if link.classes:includes('figure') then
    link.content:insert(1, inline('#box['))
    link.content:insert(inline(']'))
  end
  return link
end

-- A figure of the text has its source at the foot of the page: once a section, and once for figures of one source in a row.
local notes, count = {}, 0

local function note(source)
  if notes[source] then
    return inline('#sym.wj#footnote(<' .. notes[source] .. '>)')
  end
  count = count + 1
  notes[source] = 'source-' .. count
  return inline('#sym.wj#footnote[#' .. quoted(source) .. ']<' .. notes[source] .. '>')
end

local function sourced(para)
  local sources = {}
  para:walk({ Link = function(link) table.insert(sources, link.attributes.source or '') end })
  local place = 0
  return para:walk({
    Link = function(link)
      place = place + 1
      local source = sources[place]
      if source ~= '' and source ~= sources[place + 1] then
        return { link, note(source) }
      end
    end,
  })
end

-- An image's alternative text is dropped, and without it PDF/UA-1 refuses the document.
local function figure(fig)
  local image, title, subtitle, after
  fig:walk({ Image = function(found) image = found end })
  if not image then
    return nil
  end
  title, subtitle, after = pandoc.List(), pandoc.List(), false
  for _, part in ipairs(pandoc.utils.blocks_to_inlines(fig.caption.long)) do
    if part.t == 'LineBreak' then after = true elseif after then subtitle:insert(part) else title:insert(part) end
  end
  local call = '#chart(' .. quoted(image.src) .. ', alt: ' .. quoted(stringify(image.caption))
  if #title > 0 then call = call .. ', title: ' .. quoted(stringify(title)) end
  if #subtitle > 0 then call = call .. ', subtitle: ' .. quoted(stringify(subtitle)) end
  return raw(call .. ')')
end

-- Columns are aligned by a class of their cells, which the HTML reader does not look at.
local function aligned(tbl)
  local row = tbl.bodies[1] and tbl.bodies[1].body[1]
  for i, spec in ipairs(tbl.colspecs) do
    local right = row and row.cells[i] and row.cells[i].attr.classes:includes('gt_right')
    tbl.colspecs[i] = { right and pandoc.AlignRight or pandoc.AlignLeft, spec[2] }
  end
  return tbl
end

local around = {
  answer = '#block(inset: (left: 10pt, y: 2pt), stroke: (left: 2.5pt + accent))[#set text(size: 12.5pt)',
  ['not-known'] = '#block[#set text(fill: soft)',
  ['as-of'] = '#block[#set text(fill: soft)',
  note = '#block(above: 0.7em, below: 1.5em)[#set text(size: 8.8pt, fill: soft)',
  how = '#appendix[',
  table = '#block[#set text(size: 8.8pt)',
  small = '#block[#set text(size: 7.8pt)',
}

local function set(div)
  for name, before in pairs(around) do
    if div.classes:includes(name) then
      return { raw(before), div, raw(']') }
    end
  end
end

local function small(div)
  if div.classes:includes('table') then
    div.classes = { 'small' }
    return div
  end
end

local function holds(block, name)
  local found = false
  if block.t == 'Div' then
    found = block.classes:includes(name)
    block:walk({ Div = function(div) found = found or div.classes:includes(name) end })
  end
  return found
end

-- Contents stand below the as-of line, or before the first section; the section on how each number was made, and those after it,
-- are appendices and set small.
local function arranged(doc)
  local first, last, as_of, heading
  for place, block in ipairs(doc.blocks) do
    if block.t == 'Header' and block.level == 2 then first = first or place; heading = place end
    if holds(block, 'as-of') and not first then as_of = place end
    if holds(block, 'how') then last = heading end
  end
  local blocks, letter = pandoc.List(), nil
  for place, block in ipairs(doc.blocks) do
    if place == first and not as_of then blocks:insert(raw('#contents()')) end
    if last and place >= last then
      if block.t == 'Header' and block.level == 2 then
        letter = letter and string.char(letter:byte() + 1) or 'A'
        block.content = pandoc.Inlines('Appendix ' .. letter .. ': ') .. block.content
      end
      block = block.t == 'Div' and block:walk({ Div = small }) or block
    end
    blocks:insert(block)
    if place == as_of and first then blocks:insert(raw('#contents()')) end
  end
  doc.blocks = blocks
  return doc
end

return {
  { Pandoc = arranged },
  { Figure = figure, Table = aligned },
  {
    traverse = 'topdown',
    Header = function(header) if header.level == 2 then notes = {} end end,
    Para = sourced,
  },
  { Str = plain, Link = whole, Div = set },
}
